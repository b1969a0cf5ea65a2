/** Pretrained networks: the manifest, the flatbuffer edit, the ONNX networks against onnxruntime, the probe. Files of ../shared are needed for some. */
import fc from 'fast-check';
import { StudioError } from '../../src/kernel/errors.ts';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyWindow, LOG_MEL_SPEC, NETWORKS, windowFrames, windowStarts } from '../../src/features/index.ts';
import { extractLogMel, logMelWindow } from '../../src/features/sound/log-mel.ts';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js/lib/zip-core-native.js';
import { FormatError, readPytorch } from '../../src/formats/index.ts';
import { readOnnx } from '../../src/formats/onnx-file.ts';
import { TfliteGraph } from '../../src/features/networks/tflite.ts';
import { crossValidate, meanRow, type ProbeExample } from '../../src/features/probe.ts';
import { embeddingWindow } from '../../src/features/sound/embedding-spec.ts';
import { cutPcmWindows, PcmWindows, sampleCut, windowCut } from '../../src/features/sound/pcm-windows.ts';
import { SpeechNetwork } from '../../src/features/sound/speech.ts';
import { exposeYamnetEmbedding, yamnetLabels } from '../../src/features/sound/yamnet.ts';
import { noise } from '../helpers/signals.ts';
import { SHARED as shared } from '../helpers/data.ts';
import { resample } from '../../src/media/index.ts';
import { createRandom } from '../../src/kernel/random.ts';

const models = join(shared, 'models');
const hasModels = existsSync(models);
const read = (path: string): ArrayBuffer => {
  const bytes = readFileSync(join(models, path));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

describe('ONNX files that are none', () => {
  it('end with the reason at once, wherever they are cut', () => {
    // A model of one node and one constant: ir_version, graph { node { op_type }, initializer { dims, name, raw_data } }.
    const node = [0x0a, 0x05, 0x22, 0x03, 0x41, 0x64, 0x64];
    const constant = [0x2a, 0x0b, 0x08, 0x01, 0x42, 0x01, 0x61, 0x4a, 0x04, 0, 0, 0, 0];
    const graph = [...node, ...constant];
    const whole = new Uint8Array([0x08, 0x07, 0x3a, graph.length, ...graph]);
    expect(readOnnx(whole.buffer)).toMatchObject({ nodes: [{ op: 'Add' }] });
    for (let end = 0; end < whole.length; end++)
      expect(() => readOnnx(whole.slice(0, end).buffer), String(end)).toThrow(StudioError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(whole.length), (noise, at) => {
        const bytes = new Uint8Array([...whole.subarray(0, at), ...noise]);
        try {
          readOnnx(bytes.buffer);
        } catch (error) {
          if (!(error instanceof StudioError)) throw error;
        }
      }),
      { numRuns: 1000, seed: 4 },
    );
  });
});

describe('PyTorch files', () => {
  /** A zip of stored files. */
  const zip = async (files: Record<string, Uint8Array>) => {
    const writer = new ZipWriter(new Uint8ArrayWriter());
    for (const [name, bytes] of Object.entries(files))
      await writer.add(name, new Uint8ArrayReader(bytes), { level: 0 });
    return (await writer.close()).buffer as ArrayBuffer;
  };
  const text = (value: string) => [0x58, value.length, 0, 0, 0, ...new TextEncoder().encode(value)];
  const call = (module: string, name: string) => [0x63, ...new TextEncoder().encode(`${module}\n${name}\n`)];
  /** {'w': tensor of shape [2]} as torch.save writes it. */
  const storage = [
    0x28,
    ...text('storage'),
    ...call('torch', 'FloatStorage'),
    ...text('0'),
    ...text('cpu'),
    0x4b,
    2,
    0x74,
    0x51,
  ];
  const tensor = [
    ...call('torch._utils', '_rebuild_tensor_v2'),
    ...[0x28, ...storage, 0x4b, 0, 0x4b, 2, 0x85, 0x4b, 1, 0x85, 0x89],
    ...[...call('collections', 'OrderedDict'), 0x29, 0x52, 0x74, 0x52],
  ];
  const pickle = Uint8Array.from([0x80, 2, 0x7d, 0x71, 0, 0x28, ...text('w'), ...tensor, 0x75, 0x2e]);
  const values = new Uint8Array(new Float32Array([1.5, -2]).buffer);

  it('give their tensors', async () => {
    const found = await readPytorch(await zip({ 'a/data.pkl': pickle, 'a/data/0': values }));
    expect([...found]).toEqual([['w', { shape: [2], values: Float32Array.of(1.5, -2) }]]);
  });
  it('run nothing: whatever they call is refused by its name', async () => {
    const evil = Uint8Array.from([0x80, 2, ...call('os', 'system'), ...text('rm -rf /'), 0x85, 0x52, 0x2e]);
    await expect(readPytorch(await zip({ 'a/data.pkl': evil }))).rejects.toThrow(/it calls os\.system/);
  });
  it('that are damaged end with the reason', async () => {
    for (let end = 0; end < pickle.length; end++)
      await expect(readPytorch(await zip({ 'a/data.pkl': pickle.slice(0, end), 'a/data/0': values }))).rejects.toThrow(
        FormatError,
      );
    await expect(readPytorch(await zip({ 'a/data.pkl': pickle, 'a/data/0': values.slice(0, 4) }))).rejects.toThrow(
      /cut off/,
    );
    await expect(readPytorch(new ArrayBuffer(100))).rejects.toThrow(FormatError);
    await fc.assert(
      fc.asyncProperty(fc.nat(pickle.length - 1), fc.uint8Array({ minLength: 1, maxLength: 12 }), async (at, noise) => {
        const bytes = pickle.slice();
        bytes.set(noise.subarray(0, bytes.length - at), at);
        await readPytorch(await zip({ 'a/data.pkl': bytes, 'a/data/0': values })).catch((error: unknown) => {
          if (!(error instanceof FormatError)) throw error;
        });
      }),
      { numRuns: 400, seed: 6 },
    );
  });
});

describe('windows of samples', () => {
  it('are the same for a whole clip and for any blocks of it', () => {
    const pcm = Float32Array.from({ length: 53_000 }, (_, i) => i);
    const whole = cutPcmWindows(pcm, sampleCut(15_600, 7800));
    for (const block of [160, 999, 20_000]) {
      const stream = new PcmWindows(sampleCut(15_600, 7800));
      const found = [];
      for (let at = 0; at < pcm.length; at += block) found.push(...stream.push(pcm.subarray(at, at + block)));
      found.push(...stream.end());
      expect(found).toEqual(whole);
    }
    expect(whole.map((window) => window.startSample)).toEqual([0, 7800, 15_600, 23_400, 31_200, 37_400]);
    expect(whole.every(({ pcm: window, startSample }) => window[0] === startSample && window.length === 15_600)).toBe(
      true,
    );
  });
  it('centre a short clip in silence', () => {
    const [only, ...rest] = cutPcmWindows(new Float32Array(600).fill(1), sampleCut(1000, 500));
    expect(rest).toEqual([]);
    expect(only!.startSample).toBe(-200);
    expect([...only!.pcm].findIndex((value) => value === 1)).toBe(200);
  });
});

describe('log-mel windows', () => {
  const window = windowFrames(0.975, 0.5);
  const { sampleRateHz, windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset } = LOG_MEL_SPEC;
  const cut = windowCut({
    kind: 'log-mel',
    sampleRateHz,
    windowSamples,
    hopSamples,
    fftSize,
    bandCount,
    lowHz,
    highHz,
    logOffset,
    windowSec: 0.975,
    overlapRatio: 0.5,
    ...window,
    mean: 0,
    deviation: 1,
    clipScore: 'mean',
  });
  // What preview and the exported model hear must be what training saw: clips of every kind of length.
  it.each([150, 400, 5000, 6543, 15_599, 15_600, 15_760, 20_000, 27_001, 53_000])(
    'of %i samples are those cut from the whole spectrogram',
    (length) => {
      const pcm = noise(length / 16_000, length).subarray(0, length);
      const whole = extractLogMel(pcm);
      const size = window.windowFrames * bandCount;
      const expected = windowStarts(whole.length / bandCount, window).map((start) => {
        const out = new Float32Array(size);
        copyWindow(whole, start, window.windowFrames, out, 0);
        return out;
      });
      const found = cutPcmWindows(pcm, cut).map(({ own }) => logMelWindow(own, window.windowFrames));
      expect(found).toEqual(expected);
    },
  );
});

describe('the probe', () => {
  it('finds classes that differ, and only chance where they do not', async () => {
    const random = createRandom(3, 'probe');
    const make = (shift: number): ProbeExample[] =>
      Array.from({ length: 120 }, (_, i) => ({
        values: Float32Array.from({ length: 20 }, (_, d) => random.normal() + (d === i % 3 ? shift : 0)),
        classIndex: i % 3,
        fold: i % 4,
      }));
    expect(await crossValidate(make(4), 3)).toBeGreaterThan(0.9);
    expect(await crossValidate(make(0), 3)).toBeLessThan(0.5);
  });
  it('means rows', () => {
    expect([...meanRow(Float32Array.of(1, 2, 3, 6), 2)]).toEqual([2, 4]);
  });
});

describe.skipIf(!hasModels)('the pinned files (skipped without ../shared/models)', () => {
  it('are those of the manifest', () => {
    for (const file of NETWORKS.flatMap((network) => network.files)) {
      const bytes = readFileSync(file.package ? join('node_modules', file.package) : join(models, file.path));
      expect(bytes.length).toBe(file.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    }
  });
  it('give YAMNet its embedding as output, found by structure', () => {
    const graph = new TfliteGraph(exposeYamnetEmbedding(read('yamnet.tflite')).buffer as ArrayBuffer);
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([1, 1024]);
    const last = graph.operators().at(-1)!;
    expect(graph.tensor(last.inputs[0]!).shape).toEqual([1, 1, 1, 1024]);
    expect(yamnetLabels(read('yamnet.tflite')).slice(0, 3)).toEqual([
      'Speech',
      'Child speech, kid speaking',
      'Conversation',
    ]);
  });
  it('refuse another network, a cut one and a text', () => {
    expect(() => exposeYamnetEmbedding(read('ssd-mobilenet-v1-coco.tflite'))).toThrow('not YAMNet');
    expect(() => exposeYamnetEmbedding(new TextEncoder().encode('Dear network').buffer)).toThrow('not YAMNet');
    expect(() => yamnetLabels(read('ssd-mobilenet-v1-coco.tflite'))).toThrow('521 classes');
  });
  it('make the speech embedding equal to onnxruntime', async () => {
    const ort = await import('onnxruntime-web');
    ort.env.wasm.numThreads = 1;
    await tf.setBackend('cpu');
    const [mel, embedding] = [
      read('speech-embedding/melspectrogram.onnx'),
      read('speech-embedding/embedding_model.onnx'),
    ];
    using network = await SpeechNetwork.load(readOnnx(mel), readOnnx(embedding));
    const { windowSamples, shape } = embeddingWindow('speech-embedding', 1.2);
    // A real word, when the data are there.
    const wav = join(shared, 'data/sound-digits/clips/7/7_theo_0.wav');
    const bytes = readFileSync(wav);
    const pcm8k = Float32Array.from(
      { length: (bytes.length - 44) / 2 },
      (_, i) => bytes.readInt16LE(44 + 2 * i) / 32768,
    );
    const pcm = new Float32Array(windowSamples);
    pcm.set(resample(pcm8k, 8000, 16_000).subarray(0, windowSamples), 500);

    const melSession = await ort.InferenceSession.create(new Uint8Array(mel));
    const scaled = pcm.map((value) => value * 32767);
    const melOut = await melSession.run({ input: new ort.Tensor('float32', scaled, [1, scaled.length]) });
    const rows = (Object.values(melOut)[0]!.data as Float32Array).map((value) => value / 10 + 2);
    const own = network.mel(pcm);
    const ownRows = await own.data();
    own.dispose();
    expect(ownRows.length).toBe(rows.length);
    for (let i = 0; i < rows.length; i++) expect(Math.abs(ownRows[i]! - rows[i]!)).toBeLessThan(2e-3);

    const session = await ort.InferenceSession.create(new Uint8Array(embedding));
    const [steps, width] = shape as [number, number];
    const ours = await network.embed(pcm);
    expect(ours.length).toBe(steps * width);
    let largest = 0;
    for (let step = 0; step < steps; step++) {
      const input = rows.slice(step * 8 * 32, (step * 8 + 76) * 32);
      const result = await session.run({ input_1: new ort.Tensor('float32', input, [1, 76, 32, 1]) });
      const theirs = Object.values(result)[0]!.data as Float32Array;
      theirs.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - ours[step * width + i]!))));
    }
    // Values reach about 20; the difference is float32 rounding.
    expect(largest).toBeLessThan(0.02);
  }, 60_000);
});
