/** The graph of a model, and the files written from it: the numbers of the network that was trained, in every form. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CELL_CENTRE, networkOf, type NetworkId } from '../../src/features/index.ts';
import {
  FormatError,
  readAttached,
  readCoreml,
  readOnnxGraph,
  readTflite,
  toFloat,
  writeOnnx,
  writeTflite,
  type Graph,
} from '../../src/formats/index.ts';
import { ANSWERING } from '../../src/domain/answering.ts';
import type { ModelArtifact } from '../../src/domain/model.ts';
import type { TaskKind } from '../../src/domain/task.ts';
import { describeModel, openExported, readDescription, snippetOf } from '../../src/export/index.ts';
import {
  createExportJobs,
  GOLDEN,
  goldenInput,
  headOf,
  layersFrom,
  makeGolden,
  WRITERS,
  type Golden,
  type Subject,
} from '../../src/export/jobs.ts';
import { teachableFiles } from '../../src/export/teachable.ts';
import * as layers from '@tensorflow/tfjs-layers';
import { taskOf } from '../../src/tasks/index.ts';
import { createRandom } from '../../src/kernel/random.ts';
import { TASK_JOBS } from '../../src/tasks/jobs.ts';
import { SHARED } from '../helpers/data.ts';
import { interpret } from '../helpers/interpret.ts';
import { makeModel, MODELS, type ModelName } from '../helpers/models.ts';

const models = join(SHARED, 'models');
const hasModels = existsSync(models);
const needsFiles = /YAMNet|mn04|words|MobileNet|SSD/;

const files = (network: NetworkId): ArrayBuffer[] =>
  networkOf(network).files.map(({ path }) => {
    const bytes = readFileSync(join(models, path));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  });

/** An input as the model's device records it. */
function inputFor(graph: Graph): Float32Array {
  const { name, shape } = graph.values[graph.inputs[0]!]!;
  const size = shape.reduce((product, side) => product * side, 1);
  const random = createRandom(5, name);
  if (name === 'samples')
    return Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(i * 0.05) + 0.1 * (random.next() - 0.5));
  if (name === 'landmarks') return Float32Array.from({ length: size }, () => 2 * random.next() - 1);
  // A picture with something in it: noise alone looks like nothing.
  return Float32Array.from({ length: size }, (_, i) =>
    Math.round(255 * (0.5 + 0.4 * Math.sin(i / 61) * Math.sin(i / 7919) + 0.1 * (random.next() - 0.5))),
  );
}

const nothing = () => Promise.reject(new Error('not called'));

const outputsOf = (graph: Graph) => graph.outputs.map((at) => graph.values[at]!.name);

async function prepare(name: ModelName) {
  const model = await makeModel(name);
  const graph = await TASK_JOBS[model.task].graph(model.artifact, files, name === 'sound on YAMNet' ? 1.7 : 1);
  return { ...model, graph, input: inputFor(graph) };
}

const subjectOf = async (task: TaskKind, artifact: ModelArtifact, graph: Graph): Promise<Subject> => ({
  slot: taskOf(task).bundle,
  artifact,
  about: { name: 'Pets', author: 'Ada', description: 'Hears pets.', licence: 'MIT', version: '' },
  calibration: null,
  answering: ANSWERING,
  generatedBy: 'Understudy 1.2.3',
  golden: await makeGolden(graph),
  head: headOf(artifact, graph),
});

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

describe.each(MODELS)('%s', { timeout: 120_000 }, (name) => {
  const test = it.skipIf(needsFiles.test(name) && !hasModels);

  test('is one graph with the numbers of its network, and ONNX runs it alike', async () => {
    const { task, artifact, infer, graph, input } = await prepare(name);
    const plain = toFloat(graph);
    const all = interpret(plain, [input]);
    // The network itself, on what the graph gives it.
    const own = infer.inputs.map((_, i) => {
      const wanted = i === 0 ? 'input' : `input_${i + 1}`;
      const { shape } = plain.values.find((value) => value.name === wanted)!;
      const given = tf.tensor(Float32Array.from(all.get(wanted)!), [...shape]);
      const before = (side: number): [number, number] => [side, 0];
      return i === 0
        ? given
        : tf.mirrorPad(given as tf.Tensor4D, [before(0), before(1), before(1), before(0)], 'symmetric');
    });
    const output = infer.predict(own.length === 1 ? own[0]! : own) as tf.Tensor;
    const values = await output.data();
    const { preprocessing } = artifact;
    if ('scale' in preprocessing) {
      const width = artifact.classes.length + 4;
      const scores = all.get('score')!;
      const logits = Float64Array.from(scores, (score) => Math.log(score / (1 - score)));
      const wanted = Array.from(values).filter((_, i) => i % width < 3);
      expect(largest(logits, wanted)).toBeLessThan(1e-3);
      const side = output.shape[1]!;
      const location = all.get('location')!;
      const cut = (at: number) => Math.min(1, Math.max(0, at));
      const wanted4 = Array.from({ length: side * side }, (_, cell) => {
        const reach = (i: number) => (Math.exp(values[cell * width + 3 + i]!) * preprocessing.scale) / side;
        const [y, x] = [Math.floor(cell / side), cell % side].map((at) => (at + CELL_CENTRE) / side) as [
          number,
          number,
        ];
        const [left, top, right, bottom] = [cut(x - reach(0)), cut(y - reach(1)), cut(x + reach(2)), cut(y + reach(3))];
        return [(top + bottom) / 2, (left + right) / 2, bottom - top, right - left];
      });
      expect(largest(location, wanted4.flat())).toBeLessThan(1e-3);
    } else {
      const scores = tf.softmax(tf.mul(output, name === 'sound on YAMNet' ? 1 / 1.7 : 1));
      expect(largest(all.get('scores')!, await scores.data())).toBeLessThan(1e-4);
    }

    const ort = await import('onnxruntime-web');
    ort.env.wasm.numThreads = 1;
    const bytes = writeOnnx(graph, { producer: 'test', version: '1', about: '', metadata: {} });
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    const given = graph.values[graph.inputs[0]!]!;
    const result = await session.run({ [given.name]: new ort.Tensor('float32', input, [...given.shape]) });
    for (const wanted of outputsOf(graph))
      expect(largest(result[wanted]!.data as Float32Array, all.get(wanted)!), wanted).toBeLessThan(1e-4);
    if (!needsFiles.test(name)) {
      // What is read back from the files of ONNX and Core ML is the same network; the larger ones are compared in the browser.
      const again = interpret(toFloat(readOnnxGraph(bytes).graph), [input]);
      for (const wanted of outputsOf(graph))
        expect(largest(again.get(wanted)!, all.get(wanted)!), wanted).toBeLessThan(1e-4);
      const apple = readCoreml(await WRITERS.coreml(await subjectOf(task, artifact, graph), graph));
      const theirs = interpret(toFloat(apple.graph), [input]);
      const [first] = outputsOf(apple.graph) as [string];
      expect(largest(theirs.get(first)!, all.get('scores') ?? all.get('score')!)).toBeLessThan(1e-4);
    }
    // npm run test:python takes them from there.
    if (process.env.KEEP_EXPORTS) {
      mkdirSync(process.env.KEEP_EXPORTS, { recursive: true });
      const base = join(process.env.KEEP_EXPORTS, name.replaceAll(/\W+/g, '-'));
      const isBytes = given.type === 'uint8';
      const subject = await subjectOf(task, artifact, graph);
      writeFileSync(`${base}.onnx`, await WRITERS.onnx(subject, graph));
      writeFileSync(`${base}.tflite`, await WRITERS.tflite(subject, graph));
      writeFileSync(`${base}.int8.tflite`, await WRITERS['tflite-int8'](subject, graph));
      const { slot } = subject;
      const about = {
        given: slot.graphInput(artifact.preprocessing),
        labels: ['dog', 'cat', 'bird'],
        isDetector: slot.isDetector,
      };
      for (const id of ['tflite', 'onnx'] as const)
        writeFileSync(`${base}.${id}.py`, snippetOf(id, about, `${base}.${id}`));
      writeFileSync(`${base}.mlmodel`, await WRITERS.coreml(subject, graph));
      writeFileSync(`${base}.input`, isBytes ? Uint8Array.from(input) : Buffer.from(input.buffer));
      writeFileSync(
        `${base}.json`,
        JSON.stringify(Object.fromEntries(outputsOf(graph).map((key) => [key, [...all.get(key)!]]))),
      );
    }
  });

  test('can be opened again: its layers are found in the graph', async () => {
    const { artifact, graph } = await prepare(name);
    const head = headOf(artifact, graph);
    const again = layersFrom(JSON.stringify(head), readTflite(writeTflite(graph)));
    expect(largest(new Float32Array(again.weights), new Float32Array(artifact.weights))).toBeLessThan(1e-5);
    // Beside the network it is little.
    expect(JSON.stringify(head).length).toBeLessThan(120_000);
  });

  test('comes back from a TensorFlow Lite file as it was', async () => {
    const { graph } = await prepare(name);
    const once = readTflite(writeTflite(graph));
    expect(outputsOf(once)).toEqual(outputsOf(graph));
    expect(once.values.filter(({ values }) => values).length).toBe(graph.values.filter(({ values }) => values).length);
    // A transform gains a reshape that changes nothing.
    const steps = (one: Graph) => one.nodes.map(({ operation }) => operation.op).filter((op) => op !== 'reshape');
    expect(steps(once)).toEqual(steps(graph));
    // What is written of it holds the same constants.
    const constants = (one: Graph) =>
      one.values.flatMap(({ values, shape }) => {
        if (!values) return [];
        const hash = createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return [`${shape.join()} ${hash.digest('hex')}`];
      });
    expect(constants(readTflite(writeTflite(once)))).toEqual(constants(once));
  });
});

describe('files of a model', { timeout: 120_000 }, () => {
  const made = (async () => {
    const { artifact } = await makeModel('action by time');
    const graph = await TASK_JOBS.action.graph(artifact, files, 1);
    const subject = await subjectOf('action', artifact, graph);
    const [tflite, onnx, coreml] = await Promise.all([
      WRITERS.tflite(subject, graph),
      WRITERS.onnx(subject, graph),
      WRITERS.coreml(subject, graph),
    ]);
    return { artifact, subject, graph, tflite, onnx, coreml };
  })();

  it('say what they are, with labels and every number', async () => {
    const { artifact, subject, tflite, onnx, coreml } = await made;
    const attached = await readAttached(tflite);
    expect(attached.get('labels.txt')!.split('\n')).toEqual(['dog', 'cat', 'bird']);
    const { metadata } = readOnnxGraph(onnx);
    const apple = readCoreml(coreml);
    expect(apple.labels).toEqual(['dog', 'cat', 'bird']);
    expect(metadata.get('author')).toBe('Ada');
    const slots = [subject.slot];
    for (const text of [
      attached.get('preprocessing.json')!,
      metadata.get('preprocessing.json')!,
      apple.userDefined.get('preprocessing.json')!,
    ]) {
      const said = readDescription(slots, text);
      expect(said.preprocessing).toEqual(artifact.preprocessing);
      expect(said.graph).toMatchObject({
        inputs: [{ name: 'landmarks', shape: [1, 31, 18, 7], type: 'float32' }],
        outputs: [{ name: 'scores', shape: [1, 3] }],
        temperature: 1,
      });
      expect(said.labels).toEqual(describeModel(subject.slot, artifact, null).labels);
    }
  });

  it('of the same model are the same, byte by byte', async () => {
    const { subject, graph, tflite } = await made;
    expect(Buffer.compare(await WRITERS.tflite(subject, graph), tflite)).toBe(0);
  });

  it('that are cut off or changed are refused in words, or read; nothing else happens', async () => {
    const { tflite, onnx, coreml } = await made;
    const readers = [
      [tflite, (bytes: Uint8Array) => readTflite(bytes)],
      [onnx, (bytes: Uint8Array) => readOnnxGraph(bytes)],
      [coreml, (bytes: Uint8Array) => readCoreml(bytes)],
    ] as const;
    for (const [file, read] of readers) {
      let refused = 0;
      const attempt = (bytes: Uint8Array) => {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          refused++;
        }
      };
      for (let i = 0; i < 60; i++) attempt(file.slice(0, Math.floor((file.length * i) / 60)));
      expect(refused).toBeGreaterThan(50);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          (edits) => {
            const bytes = file.slice();
            for (const [at, value] of edits) bytes[at] = value;
            attempt(bytes);
          },
        ),
        { numRuns: 150, seed: 11 },
      );
      // Where the structure lies, not the weights.
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 }), (edits) => {
          const bytes = file.slice();
          for (const [at, value] of edits) bytes[file === tflite ? bytes.length - 40_000 + at : at] = value;
          attempt(bytes);
        }),
        { numRuns: 150, seed: 12 },
      );
    }
  });

  it('come with a pair that a port can be checked by', async () => {
    const { graph, tflite, onnx, coreml } = await made;
    const said = (await readAttached(tflite)).get(GOLDEN)!;
    const { input, stages, outputs, tolerance } = JSON.parse(said) as Golden;
    // The formula as a port in any language would compute it.
    expect(input.formula).toBe('((i * 7919) % 251) / 125 - 1');
    const length = input.shape.reduce((product, side) => product * side, 1);
    const values = Float32Array.from({ length }, (_, i) => ((i * 7919) % 251) / 125 - 1);
    expect(values).toEqual(goldenInput(graph));
    expect(Float32Array.from(input.first)).toEqual(values.slice(0, input.first.length));
    expect([readOnnxGraph(onnx).metadata.get(GOLDEN), readCoreml(coreml).userDefined.get(GOLDEN)]).toEqual([
      said,
      said,
    ]);
    expect(tolerance).toBe(1e-3);
    const all = interpret(toFloat(graph), [values]);
    expect(stages.map(({ name }) => name)).toEqual(['input']);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([['scores', [1, 3]]]);
    for (const { name, first, mean } of [...stages, ...outputs]) {
      const wanted = all.get(name)!;
      expect(largest(first, wanted.subarray(0, first.length))).toBeLessThan(1e-5);
      expect(mean).toBeCloseTo(wanted.reduce((sum, value) => sum + value, 0) / wanted.length, 5);
    }
  });

  it('open again as the layers that were trained, or are refused in words', async () => {
    const slots = [taskOf('action').bundle];
    const { artifact, subject, graph, tflite, onnx, coreml } = await made;
    const jobs = createExportJobs(
      () => Promise.reject(new Error('no store')),
      () => slots[0]!,
      {} as never,
    );
    const tools = {
      unzip: () => Promise.reject(new Error('not called')),
      readFile: (file: Blob, name: string) =>
        jobs.readModelFile({ file, name }, { signal: new AbortController().signal, progress() {} } as never),
    };
    const open = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
      openExported(slots, [{ path: name, blob: new Blob([bytes]) }], tools);
    const wanted = new Float32Array(artifact.weights);
    const files = { 'm.tflite': tflite, 'm.onnx': onnx, 'm.mlmodel': coreml };
    for (const [name, bytes] of Object.entries(files)) {
      const { model, slot } = await open(name, bytes);
      expect(slot).toBe(slots[0]);
      expect({ ...model, classes: [], weights: null }).toEqual({ ...artifact, classes: [], weights: null });
      expect(model.classes.map((label) => label.name)).toEqual(artifact.classes.map((label) => label.name));
      expect(largest(new Float32Array(model.weights), wanted)).toBeLessThan(1e-5);
    }
    // Weights of 8 bits are what they are.
    const { model } = await open('m.int8.tflite', await WRITERS['tflite-int8'](subject, graph));
    expect(largest(new Float32Array(model.weights), wanted)).toBeGreaterThan(1e-5);
    expect(largest(new Float32Array(model.weights), wanted)).toBeLessThan(0.05);
    await expect(open('m.onnx', onnx.slice(0, 5000))).rejects.toThrow(/m\.onnx cannot be used: the file is damaged/);
    const other = await WRITERS.onnx({ ...subject, head: null }, graph);
    await expect(open('m.onnx', other)).rejects.toThrow(/does not carry what is needed.*npm run studio/s);
    const count = Buffer.from(subject.head!.vectors, 'base64').length / 4;
    const vectors = Buffer.from(new Float32Array(count).fill(NaN).buffer).toString('base64');
    const nothing = { ...subject.head!, vectors };
    await expect(open('m.onnx', await WRITERS.onnx({ ...subject, head: nothing }, graph))).rejects.toThrow(
      /no numbers/,
    );
    const wrong = { ...subject.head!, kernels: subject.head!.kernels.slice(1) };
    await expect(open('m.onnx', await WRITERS.onnx({ ...subject, head: wrong }, graph))).rejects.toThrow(
      /its layers do not fit/,
    );
  });

  it('are not written of weights that are no numbers', async () => {
    const { artifact } = await made;
    const weights = artifact.weights.slice(0);
    new Float32Array(weights)[3] = NaN;
    await expect(TASK_JOBS.action.graph({ ...artifact, weights }, files, 1)).rejects.toThrow(/no numbers/);
  });
});

describe('Teachable Machine', { timeout: 120_000 }, () => {
  const about = { name: 'Dice', author: '', description: '', licence: '', version: '' };
  it.skipIf(!hasModels)('loads a model of pictures as its own, with the scores of the app', async () => {
    const { artifact, graph, input } = await prepare('picture on MobileNet');
    const [network] = files('mobilenet-v2');
    const made = await teachableFiles(artifact, about, network, 1.3, new Date(0));
    const read = async (path: string) => made.find((file) => file.path === path)!.blob;
    const model = JSON.parse(await (await read('model.json')).text()) as {
      modelTopology: object;
      weightsManifest: { weights: object[] }[];
    };
    // As its library loads it: tf.loadLayersModel, then the picture as -1 to 1.
    const loaded = await layers.loadLayersModel({
      load: async () => ({
        modelTopology: model.modelTopology,
        weightSpecs: model.weightsManifest[0]!.weights as never,
        weightData: await (await read('weights.bin')).arrayBuffer(),
      }),
    });
    const { shape } = graph.values[graph.inputs[0]!]!;
    const picture = tf.tensor(
      Float32Array.from(input, (value) => value / 127.5 - 1),
      [...shape],
    );
    const scores = await (loaded.predict(picture) as tf.Tensor).data();
    const tempered = await TASK_JOBS.picture.graph(artifact, files, 1.3);
    expect(largest(scores, interpret(toFloat(tempered), [input]).get('scores')!)).toBeLessThan(1e-4);
    expect(JSON.parse(await (await read('metadata.json')).text())).toMatchObject({
      packageName: '@teachablemachine/image',
      modelName: 'Dice',
      labels: artifact.classes.map(({ name }) => name),
      imageSize: 224,
    });
    // And back again, by the reader of its models.
    const opened = await openExported([taskOf('picture').bundle], made, { unzip: nothing, readFile: nothing });
    expect(opened.model.classes.map(({ name }) => name)).toEqual(artifact.classes.map(({ name }) => name));
  });
  const real = join(SHARED, 'data/teachable-machine/image-model.zip');
  it.skipIf(!existsSync(real))('models that came from there leave as one graph with their own numbers', async () => {
    const reader = new ZipReader(new Uint8ArrayReader(readFileSync(real)));
    const given: { path: string; blob: Blob }[] = [];
    for (const entry of await reader.getEntries())
      if (!entry.directory)
        given.push({
          path: entry.filename,
          blob: new Blob([(await entry.getData(new Uint8ArrayWriter())) as Uint8Array<ArrayBuffer>]),
        });
    const { model } = await openExported([taskOf('picture').bundle], given, {
      unzip: () => Promise.resolve(given),
      readFile: nothing,
    });
    const graph = await TASK_JOBS.picture.graph(model, files, 1);
    const input = inputFor(graph);
    const loaded = await layers.loadLayersModel({
      load: async () => ({
        modelTopology: JSON.parse(model.topology) as object,
        weightSpecs: model.weightSpecs,
        weightData: model.weights,
      }),
    });
    const picture = tf.tensor(
      Float32Array.from(input, (value) => value / 127.5 - 1),
      [1, 224, 224, 3],
    );
    const wanted = await tf.softmax(loaded.predict(picture) as tf.Tensor).data();
    expect(largest(interpret(toFloat(readTflite(writeTflite(graph))), [input]).get('scores')!, wanted)).toBeLessThan(
      1e-4,
    );
    await expect(teachableFiles(model, about, undefined, 1, new Date(0))).rejects.toThrow(/it came from there/);
  });
  it('is refused for what stands on another network', async () => {
    const { artifact } = await makeModel('picture from nothing');
    await expect(teachableFiles(artifact, about, undefined, 1, new Date(0))).rejects.toThrow(
      /choose Transfer learning/,
    );
  });
});
