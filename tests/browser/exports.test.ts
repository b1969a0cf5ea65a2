/** Exported files in the runtimes people use: LiteRT.js, MediaPipe's tasks (their network stays unused), ONNX and Core ML files on our own engine. Needs ../shared. */
import { ANSWERING } from '../../src/domain/answering.ts';
import '../../workers/wasm-files.ts';
import '@tensorflow/tfjs-backend-wasm';
import { AudioClassifier, FilesetResolver as AudioFiles } from '@mediapipe/tasks-audio';
import { FilesetResolver as VisionFiles, ImageClassifier, ObjectDetector } from '@mediapipe/tasks-vision';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { Store } from '../../src/dataset/index.ts';
import { headOf, makeGolden, WRITERS, type Subject } from '../../src/export/jobs.ts';
import { networkOf, type NetworkId } from '../../src/features/index.ts';
import { LiteNetwork } from '../../src/features/networks/litert.ts';
import { createPictureEmbedder } from '../../src/features/picture/embedder.ts';
import { cutPcmWindows, sampleCut } from '../../src/features/sound/pcm-windows.ts';
import { joinBlocks } from '../../src/media/blocks.ts';
import { exposeYamnetEmbedding } from '../../src/features/sound/yamnet.ts';
import { readSound } from '../../src/media/jobs.ts';
import { Detector, openModelFile } from '../../src/model/jobs.ts';
import { TASK_JOBS } from '../../src/tasks/jobs.ts';
import { taskOf } from '../../src/tasks/index.ts';
import { makeModel, type MadeModel } from '../helpers/models.ts';

const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const present = await readShared('models/models.json');

const store = await Store.open('exports-test');
const networks = new Map<NetworkId, ArrayBuffer[]>();
async function files(id: NetworkId): Promise<ArrayBuffer[]> {
  const found = await Promise.all(networkOf(id).files.map(({ path }) => readShared(`models/${path}`)));
  const contents = found.map((one) => bytesOf(one![0]!.base64).buffer);
  networks.set(id, contents);
  for (const [i, { sha256 }] of networkOf(id).files.entries())
    await store.saveNetworkFile(sha256, new Blob([contents[i]!]));
  return networks.get(id)!;
}

/** The files of a model, one a format. */
async function write({ task, artifact }: MadeModel) {
  const graph = await TASK_JOBS[task].graph(artifact, (id) => networks.get(id)!, 1);
  const about = { name: 'Test', author: 'A', description: 'D', licence: 'L', version: '' };
  const subject: Subject = {
    slot: taskOf(task).bundle,
    artifact,
    about,
    calibration: null,
    answering: ANSWERING,
    generatedBy: 'test 1',
    golden: await makeGolden(graph),
    head: headOf(artifact, graph),
  };
  const file = async (id: keyof typeof WRITERS) => WRITERS[id](subject, graph);
  return { tflite: await file('tflite'), onnx: await file('onnx'), mlmodel: await file('coreml') };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

/** What LiteRT's loader leaves behind makes MediaPipe's believe that it is in a worker. */
function forgetLoader(): void {
  for (const name of ['importScripts', 'ModuleFactory', 'Module']) Reflect.deleteProperty(globalThis, name);
}

/** Scores of the network that was trained, on the embedding the app computes. */
async function headOn({ artifact, infer }: MadeModel, embedding: Float32Array): Promise<Float32Array> {
  const { mean, deviation } = artifact.preprocessing as { mean: number; deviation: number };
  const scores = tf.tidy(() => {
    const input = tf.div(tf.sub(tf.tensor2d(embedding, [1, embedding.length]), mean), deviation);
    return tf.softmax(infer.predict(input) as tf.Tensor);
  });
  const values = (await scores.data()) as Float32Array;
  scores.dispose();
  return values;
}

/** Largest differences by runtime, over all inputs. */
class Differences {
  readonly #most = new Map<string, number>();
  #count = 0;
  add(runtime: string, difference: number): void {
    this.#most.set(runtime, Math.max(this.#most.get(runtime) ?? 0, difference));
    if (runtime === 'LiteRT.js') this.#count++;
  }
  of(runtime: string): number {
    return this.#most.get(runtime) ?? Infinity;
  }
  print(model: string): void {
    for (const [runtime, most] of this.#most)
      console.log(`${model}, ${this.#count} real inputs, ${runtime}: ${most.toExponential(1)}`);
  }
}

/** @param part whole, left or right half. */
const pictureOf = async (base64: string, pixels: number, part: 0 | 1 | 2) => {
  const whole = await createImageBitmap(new Blob([bytesOf(base64)]));
  const half = whole.width >> 1;
  const bitmap = part === 0 ? whole : await createImageBitmap(whole, part === 1 ? 0 : half, 0, half, whole.height);
  const canvas = new OffscreenCanvas(pixels, pixels);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0, pixels, pixels);
  const { data } = context.getImageData(0, 0, pixels, pixels);
  return {
    canvas,
    rgb: Uint8Array.from({ length: 3 * pixels * pixels }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!),
  };
};

/** Real pictures, whole and by halves: 21 views. */
async function* pictures(pixels: number) {
  const found = [
    ...(await readShared('data/detection-cells/JPEGImages'))!,
    ...(await readShared('data/detection-dice/train'))!,
    ...(await readShared('data/action-clips/person.jpg'))!,
  ].filter(({ name }) => /\.jpe?g$|^$/.test(name));
  for (const { base64 } of found) for (const part of [0, 1, 2] as const) yield pictureOf(base64, pixels, part);
}

describe.skipIf(!present)('exported files (skipped without ../shared)', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    // MediaPipe's tasks report their use to Google: here the network is closed.
    const plain = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const address = new URL(input instanceof Request ? input.url : input, location.href);
      if (/^http/.test(address.protocol) && address.origin !== location.origin) throw new TypeError('closed');
      return plain(input, init);
    };
  });

  it('hear real recordings as the app does, MediaPipe too', async () => {
    const [yamnet] = await files('yamnet');
    const model = await makeModel('sound on YAMNet');
    await tf.setBackend('wasm');
    const written = await write(model);
    using embedding = await LiteNetwork.load(exposeYamnetEmbedding(yamnet!));
    using tflite = await openModelFile(written.tflite, 'model.tflite');
    using onnx = await openModelFile(written.onnx, 'model.onnx');
    using coreml = await openModelFile(written.mlmodel, 'model.mlmodel');
    forgetLoader();
    const tasks = await AudioFiles.forAudioTasks('/node_modules/@mediapipe/tasks-audio/wasm');
    const classifier = await AudioClassifier.createFromOptions(tasks, {
      baseOptions: { modelAssetBuffer: written.tflite },
    });
    const names = model.artifact.classes.map(({ name }) => name);
    const differences = new Differences();
    for (const folder of ['dog', 'rain', 'clock_tick', 'crying_baby', 'sneezing', 'rooster', 'chainsaw']) {
      const clips = await readShared(`data/sound-esc10/clips/${folder}`);
      for (const { base64 } of clips ?? []) {
        const blocks: Float32Array[] = [];
        await readSound(new Blob([bytesOf(base64)]), (pcm) => void blocks.push(pcm));
        const { pcm } = cutPcmWindows(joinBlocks(blocks), sampleCut(15_600, 15_600))[0]!;
        const feature = await embedding.run(pcm, [15_600]);
        const own = await headOn(model, feature);
        differences.add('LiteRT.js', largest(own, (await tflite.run(pcm)).get('scores')!));
        differences.add('ONNX', largest(own, (await onnx.run(pcm)).get('scores')!));
        differences.add('Core ML layers', largest(own, (await coreml.run(pcm)).get('scores')!));
        const [answer] = classifier.classify(pcm, 16_000);
        const categories = answer!.classifications[0]!.categories;
        const heard = names.map((name) => categories.find(({ categoryName }) => categoryName === name)!.score);
        differences.add('MediaPipe AudioClassifier', largest(own, heard));
        expect(categories[0]!.categoryName).toBe(names[own.indexOf(Math.max(...own))]);
      }
    }
    classifier.close();
    differences.print('sound on YAMNet');
    expect(differences.of('LiteRT.js')).toBeLessThan(1e-4);
    expect(differences.of('MediaPipe AudioClassifier')).toBeLessThan(1e-2);
    expect(differences.of('ONNX')).toBeLessThan(2e-2);
    expect(differences.of('Core ML layers')).toBeLessThan(2e-2);
  });

  it('see real pictures as the app does, MediaPipe too', async () => {
    await files('mobilenet-v2');
    const model = await makeModel('picture on MobileNet');
    await tf.setBackend('wasm');
    const written = await write(model);
    using tflite = await openModelFile(written.tflite, 'model.tflite');
    using onnx = await openModelFile(written.onnx, 'model.onnx');
    using coreml = await openModelFile(written.mlmodel, 'model.mlmodel');
    forgetLoader();
    const tasks = await VisionFiles.forVisionTasks('/node_modules/@mediapipe/tasks-vision/wasm');
    const classifier = await ImageClassifier.createFromOptions(tasks, {
      baseOptions: { modelAssetBuffer: written.tflite },
    });
    const names = model.artifact.classes.map(({ name }) => name);
    const differences = new Differences();
    using embedder = await createPictureEmbedder(store, 'mobilenet-v2');
    for await (const { canvas, rgb } of pictures(224)) {
      const own = await headOn(model, await embedder.embed(rgb));
      differences.add('ONNX', largest(own, (await onnx.run(rgb)).get('scores')!));
      differences.add('LiteRT.js', largest(own, (await tflite.run(rgb)).get('scores')!));
      differences.add('Core ML layers', largest(own, (await coreml.run(rgb)).get('scores')!));
      const { categories } = classifier.classify(canvas).classifications[0]!;
      const seen = names.map((name) => categories.find(({ categoryName }) => categoryName === name)!.score);
      differences.add('MediaPipe ImageClassifier', largest(own, seen));
    }
    classifier.close();
    differences.print('picture on MobileNet');
    expect(differences.of('LiteRT.js')).toBeLessThan(1e-4);
    expect(differences.of('ONNX')).toBeLessThan(1e-4);
    expect(differences.of('Core ML layers')).toBeLessThan(1e-4);
    expect(differences.of('MediaPipe ImageClassifier')).toBeLessThan(1e-2);
  });

  it('find boxes in real pictures, each that MediaPipe gives among them', async () => {
    await files('ssd-mobilenet');
    const model = await makeModel('objects on SSD');
    await tf.setBackend('wasm');
    const written = await write(model);
    using tflite = await openModelFile(written.tflite, 'model.tflite');
    using onnx = await openModelFile(written.onnx, 'model.onnx');
    using app = await Detector.load(model.artifact, store);
    forgetLoader();
    const tasks = await VisionFiles.forVisionTasks('/node_modules/@mediapipe/tasks-vision/wasm');
    const detector = await ObjectDetector.createFromOptions(tasks, {
      baseOptions: { modelAssetBuffer: written.tflite },
      scoreThreshold: 0.001,
      maxResults: 20,
    });
    const names = model.artifact.classes.map(({ name }) => name);
    const differences = new Differences();
    let boxCount = 0;
    for await (const { canvas, rgb } of pictures(96)) {
      const own = await tflite.run(rgb);
      const [location, score] = [own.get('location')!, own.get('score')!];
      const most = score.reduce((a, b) => Math.max(a, b));
      const again = await onnx.run(rgb);
      // The app's own detector; its boxes are averaged over those that agree, its best score stays.
      const [best] = await app.detect(canvas, 0.001);
      differences.add('LiteRT.js', Math.abs(best!.score - most));
      differences.add('ONNX, boxes', largest(location, again.get('location')!));
      differences.add('ONNX, scores', largest(score, again.get('score')!));
      // Its boxes are whole pixels: of a picture ten times as large, whose pixels are those of the small one.
      const large = new OffscreenCanvas(960, 960);
      const context = large.getContext('2d')!;
      context.imageSmoothingEnabled = false;
      context.drawImage(canvas, 0, 0, 960, 960);
      const { detections } = detector.detect(large);
      differences.add('MediaPipe ObjectDetector, best score', Math.abs(detections[0]!.categories[0]!.score - most));
      for (const { boundingBox, categories } of detections) {
        boxCount++;
        const { originX, originY, width: wide, height: high } = boundingBox!;
        const { categoryName, score: theirScore } = categories[0]!;
        const theirs = [originX, originY, originX + wide, originY + high].map((pixel) => pixel / 960);
        // Cells that look at the same say the same: any of them is right.
        const off = Array.from(score, (value, i) => {
          if (Math.abs(value - theirScore) > 1e-2 || names[i % 3] !== categoryName) return Infinity;
          const at = 4 * Math.floor(i / 3);
          const [y, x, height, width] = [location[at]!, location[at + 1]!, location[at + 2]!, location[at + 3]!];
          return largest([x - width / 2, y - height / 2, x + width / 2, y + height / 2], theirs);
        });
        differences.add('MediaPipe ObjectDetector, every box', Math.min(...off));
      }
    }
    detector.close();
    differences.print('objects on SSD');
    expect(differences.of('LiteRT.js')).toBeLessThan(1e-4);
    expect(differences.of('ONNX, boxes')).toBeLessThan(5e-3);
    expect(differences.of('MediaPipe ObjectDetector, best score')).toBeLessThan(1e-2);
    expect(differences.of('MediaPipe ObjectDetector, every box')).toBeLessThan(1e-2);
    console.log(`objects on SSD: ${boxCount} boxes of MediaPipe`);
    expect(boxCount).toBeGreaterThan(40);
  });
});
