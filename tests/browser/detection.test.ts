/** Object detection in a real browser: gradients of WebAssembly against plain CPU, learning from nothing, picture files, the pretrained network. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { BlobReader, BlobWriter, configure, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { commands } from 'vitest/browser';
import { describe, expect, it } from 'vitest';
import '../../workers/wasm-files.ts';
import { intersectionOverUnion } from '../../src/domain/boxes.ts';
import { Store } from '../../src/dataset/index.ts';
import { modalityOf, problemOf } from '../../src/domain/task.ts';
import { CHANNEL_COUNT, type ChannelScale } from '../../src/model/detector-inputs.ts';
import '../../src/training/engine/engines.ts';
import { startEngine } from '../../src/model/jobs.ts';
import { DEFAULT_DETECTION_SETTINGS } from '../../src/training/detection/detection-settings.ts';
import { decodePicture } from '../../src/features/picture/decode-picture.ts';
import { drawDice } from '../../src/features/picture/dice.ts';
import { inspectPicture } from '../../src/features/picture/inspect-picture.ts';
import { KnownObjects } from '../../src/features/picture/known-objects.ts';
import { loadBackbone } from '../../src/features/networks/mobilenet.ts';
import { storeNetworkFile } from '../../src/features/networks/network-files.ts';
import type { AnnotatedPicture, RunPictures } from '../../src/training/detection/detector-examples.ts';
import {
  buildDetectorHead,
  buildFineTunedDetector,
  buildFullDetector,
} from '../../src/training/detection/detector-network.ts';
import { DetectorTrainable } from '../../src/training/detection/detector-trainable.ts';
import { CachedExamples } from '../../src/training/detection/cached-examples.ts';
import { MOBILENET_SCALE, PIXEL_SCALE, PixelExamples } from '../../src/training/detection/pixel-examples.ts';
import { featureBytes } from '../../src/features/index.ts';
import { createRandom } from '../../src/kernel/random.ts';
import { encodeAvif } from '../helpers/avif.ts';

configure({ useWebWorkers: false });
const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

describe('the detector head', () => {
  const input = { kind: 'ssd-mobilenet' as const, pixels: 128, tiles: 1 };
  const random = createRandom(3, 'features');
  const features = new Uint8Array(featureBytes(input)).map(() => Math.floor(random.next() * 256));
  const picture: AnnotatedPicture = {
    itemId: 'a',
    path: 'a.png',
    hash: 'a',
    width: 128,
    height: 128,
    boxes: [
      { x: 0.2, y: 0.3, width: 0.3, height: 0.2, classIndex: 0 },
      { x: 0.6, y: 0.5, width: 0.2, height: 0.3, classIndex: 1 },
    ],
  };
  const make = (pictures: Partial<RunPictures> = {}, read: (hash: string) => void = () => {}) => {
    const examples = new CachedExamples(
      { training: [picture], validation: [picture], held: [], heldFor: () => Infinity, ...pictures },
      {
        classCount: 2,
        input,
        cache: { getBytes: (hash: string) => (read(hash), Promise.resolve(features)) } as never,
        variation: null,
        copies: 0,
        batchSize: 4,
        seed: 5,
        scale: 2,
        channels: {
          mean: new Float32Array(CHANNEL_COUNT).fill(128),
          deviation: new Float32Array(CHANNEL_COUNT).fill(1 / 74),
        },
      },
    );
    return new DetectorTrainable({ examples, seed: 5, build: (seed) => buildDetectorHead(2, seed) });
  };

  it('takes the same step on WebAssembly as on plain CPU', { timeout: 60_000 }, async () => {
    const results = [];
    for (const engine of ['cpu', 'wasm'] as const) {
      await startEngine(engine);
      using trainable = make();
      const { loss } = await trainable.step(1, 0, 0.01);
      results.push({ loss, weights: await trainable.saveWeights() });
    }
    const [cpu, wasm] = results as [(typeof results)[number], (typeof results)[number]];
    expect(wasm.loss).toBeCloseTo(cpu.loss, 4);
    // Adam's first step is about the learning rate wherever there is a gradient: a wrong sign would be 0.02 away.
    const far = wasm.weights.filter((value, i) => Math.abs(value - cpu.weights[i]!) > 0.005).length;
    expect(far / wasm.weights.length).toBeLessThan(0.002);
  });

  it('gives the mean of its weights over the last steps, which a run that goes on keeps', async () => {
    await startEngine('wasm');
    using trainable = make();
    const [start] = [await trainable.saveModel()];
    for (let step = 0; step < 4; step++) await trainable.step(1, step, 0.01);
    const [now, mean] = [await trainable.saveWeights(), await trainable.saveModel()];
    // Between where it began and where it is, and looking at it changes nothing.
    const shares = mean.map((value, i) => (value - start![i]!) / (now[i]! - start![i]!));
    const inside = shares.filter((share) => share > 0 && share < 1).length;
    expect(inside / shares.length).toBeGreaterThan(0.7);
    expect(await trainable.saveWeights()).toEqual(now);
    using other = make();
    other.loadWeights(now);
    other.loadOptimiser(await trainable.saveOptimiser());
    expect(await other.saveModel()).toEqual(mean);
    await trainable.step(2, 0, 0.01);
    await other.step(2, 0, 0.01);
    expect(await other.saveModel()).toEqual(await trainable.saveModel());
    // A checkpoint of before there were means begins them with its weights.
    const { moments, stepCount } = await trainable.saveOptimiser();
    other.loadWeights(now);
    other.loadOptimiser({ moments: moments.slice(0, (2 * moments.length) / 3), stepCount });
    expect(await other.saveModel()).toEqual(now);
  });

  it('holds pictures out until they are judged, and then trains on them', async () => {
    await startEngine('wasm');
    const held = { ...picture, itemId: 'b', path: 'b.png', hash: 'b' };
    const seen = new Set<string>();
    using trainable = make({ held: [held], heldFor: () => 2 }, (hash) => seen.add(hash));
    const readIn = async (iteration: number) => {
      seen.clear();
      for (let step = 0; step < trainable.stepCount; step++) await trainable.step(iteration, step, 0.001);
      return new Set(seen);
    };
    // A step reads the next one's ahead: the second iteration already those of the third.
    expect([...(await readIn(1))]).toEqual(['a']);
    const late = new Set<string>();
    for (let iteration = 2; iteration < 12; iteration++) for (const hash of await readIn(iteration)) late.add(hash);
    expect([...late].sort()).toEqual(['a', 'b']);
    const weights = await trainable.saveWeights();
    const found = await trainable.findHeld(weights);
    expect(found.map(({ itemId, path, truth }) => [itemId, path, truth.length])).toEqual([['b', 'b.png', 2]]);
    expect(await trainable.saveWeights()).toEqual(weights);
  });

  it('leaves no tensor behind, and the same seed gives the same weights', { timeout: 60_000 }, async () => {
    await startEngine('wasm');
    const run = async () => {
      using trainable = make();
      for (let step = 0; step < 3; step++) await trainable.step(1, step, 0.002);
      const score = await trainable.validate();
      expect(score!.accuracy).toBeGreaterThanOrEqual(0);
      return trainable.saveWeights();
    };
    const first = await run();
    const before = tf.memory().numTensors;
    expect(await run()).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('networks on pixels', () => {
  const pixels = 96;
  const rgb = new Map<string, Uint8Array>();
  const random = createRandom(1, 'squares');
  const pictures = Array.from({ length: 12 }, (_, n): AnnotatedPicture => {
    const values = new Uint8Array(pixels * pixels * 3).map(() => 90 + Math.floor(random.next() * 40));
    const side = 24 + Math.floor(random.next() * 16);
    const [left, top] = [Math.floor(random.next() * (pixels - side)), Math.floor(random.next() * (pixels - side))];
    const classIndex = n % 2;
    for (let y = top; y < top + side; y++)
      for (let x = left; x < left + side; x++) {
        values[3 * (y * pixels + x)] = classIndex === 0 ? 250 : 10;
        values[3 * (y * pixels + x) + 2] = classIndex === 0 ? 10 : 250;
      }
    rgb.set(`${n}`, values);
    const box = { x: left / pixels, y: top / pixels, width: side / pixels, height: side / pixels, classIndex };
    return { itemId: `${n}`, path: `${n}.png`, hash: `${n}`, width: pixels, height: pixels, boxes: [box] };
  });
  // The same pictures with boxes in wrong places teach nothing about squares.
  const wrong = pictures.map((picture, n) => ({ ...picture, boxes: pictures[(n + 5) % 12]!.boxes }));
  const examplesOf = (given: readonly AnnotatedPicture[], channels: ChannelScale) =>
    new PixelExamples(
      { training: given, validation: pictures, held: [], heldFor: () => Infinity },
      {
        classCount: 2,
        input: { kind: 'pixels', pixels, tiles: 1 },
        cache: { getBytes: (hash: string) => Promise.resolve(rgb.get(hash)!) } as never,
        vision: {
          ...modalityOf(DEFAULT_DETECTION_SETTINGS, 'picture'),
          ...problemOf(DEFAULT_DETECTION_SETTINGS, 'detection'),
          mosaic: false,
        },
        batchSize: 12,
        seed: 2,
        scale: 2,
        channels,
      },
    );
  async function learn(trainable: DetectorTrainable, iterations: number): Promise<number> {
    for (let iteration = 1; iteration <= iterations; iteration++)
      for (let step = 0; step < trainable.stepCount; step++)
        await trainable.step(iteration, step, iteration > 0.75 * iterations ? 0.001 : 0.004);
    return (await trainable.validate())!.accuracy;
  }

  it(
    'a full detector finds squares it was shown, and nothing in what it was shown wrongly',
    { timeout: 120_000 },
    async () => {
      await startEngine('wasm');
      const train = async (given: readonly AnnotatedPicture[]) => {
        using trainable = new DetectorTrainable({
          examples: examplesOf(given, PIXEL_SCALE),
          seed: 2,
          build: (seed) => buildFullDetector(2, seed),
        });
        return await learn(trainable, 42);
      };
      expect(await train(pictures)).toBeGreaterThan(0.7);
      expect(await train(wrong)).toBeLessThan(0.4);
    },
  );

  it(
    'fine-tuning starts from MobileNetV2 as published and changes only what it may',
    { timeout: 120_000 },
    async (test) => {
      const read = await readShared('models/mobilenet-v2-035.zip');
      test.skip(!read, 'Skipped: no ../shared/models/mobilenet-v2-035.zip');
      await startEngine('wasm');
      const zip = bytesOf(read![0]!.base64);
      const store = await Store.open('fine-tune');
      await storeNetworkFile(store, new Blob([zip]), 'mobilenet-v2-035.zip');
      const backbone = await loadBackbone(store);

      // The file as TensorFlow.js itself runs it, up to the last map that is used.
      const published = await loadPublished(zip);
      const ours = buildFineTunedDetector(2, backbone, 14, 1).infer;
      const upTo = (model: layers.LayersModel, name: string) =>
        layers.model({ inputs: model.inputs, outputs: model.getLayer(name).output as layers.SymbolicTensor });
      const noise = createRandom(4, 'picture');
      const picture = tf.tensor4d(
        new Float32Array(224 * 224 * 3).map(() => 2 * noise.next() - 1),
        [1, 224, 224, 3],
      );
      for (const [theirs, own] of [
        ['block_6_expand_relu', 'block_6_expand'],
        ['block_13_expand_relu', 'block_13_expand'],
        ['block_16_project_BN', 'block_16_project'],
      ] as const) {
        const [a, b] = await Promise.all(
          [upTo(published, theirs), upTo(ours, own)].map((model) => (model.predict(picture) as tf.Tensor).data()),
        );
        expect(a!.length).toBe(b!.length);
        expect(Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)))).toBeLessThan(2e-3);
      }

      const train = async (given: readonly AnnotatedPicture[]) => {
        using trainable = new DetectorTrainable({
          examples: examplesOf(given, MOBILENET_SCALE),
          seed: 2,
          build: (seed) => buildFineTunedDetector(2, backbone, 14, seed),
        });
        const accuracy = await learn(trainable, 24);
        const changed = async (name: string) => {
          const values = await trainable.network.infer.getLayer(name).getWeights()[0]!.data();
          return values.some((value, i) => value !== backbone.get(name)!.kernel[i]!);
        };
        return {
          accuracy,
          changed: await Promise.all(['Conv1', 'block_13_depthwise', 'block_14_expand'].map(changed)),
        };
      };
      const tensors = tf.memory().numTensors;
      const learnt = await train(pictures);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(learnt.accuracy).toBeGreaterThan(0.7);
      expect(learnt.changed).toEqual([false, false, true]);
      expect((await train(wrong)).accuracy).toBeLessThan(0.4);
      store.close();
    },
  );
});

/** The layers model in the zip, without our own reader. */
async function loadPublished(zip: Uint8Array<ArrayBuffer>): Promise<layers.LayersModel> {
  const files = new Map<string, Blob>();
  const reader = new ZipReader(new BlobReader(new Blob([zip])));
  for (const entry of await reader.getEntries())
    if (!entry.directory) files.set(entry.filename, await entry.getData(new BlobWriter()));
  const { modelTopology, weightsManifest } = JSON.parse(await files.get('model.json')!.text()) as {
    modelTopology: object;
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const whole = await layers.loadLayersModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: await files.get('weights.bin')!.arrayBuffer(),
    }),
  );
  const nested = (layer: unknown): layers.LayersModel[] => {
    const inner = (layer as { layers?: unknown[] }).layers ?? [];
    return inner.length > 20 ? [layer as layers.LayersModel] : inner.flatMap(nested);
  };
  return nested(whole)[0]!;
}

describe('picture files', () => {
  it('are upright, keep the first frame, and say what is wrong', async () => {
    const canvas = new OffscreenCanvas(60, 40);
    canvas.getContext('2d')!.fillRect(0, 0, 30, 40);
    for (const type of ['image/png', 'image/jpeg', 'image/webp']) {
      const blob = await canvas.convertToBlob({ type });
      const { media, picture } = await inspectPicture(blob);
      expect([media.width, media.height]).toEqual([60, 40]);
      expect(picture.poster!.length).toBeGreaterThan(100);
    }
    const avif = await inspectPicture(await encodeAvif(canvas));
    expect([avif.media.width, avif.media.height]).toEqual([60, 40]);
    const opened = await decodePicture(await encodeAvif(canvas));
    const seen = new OffscreenCanvas(60, 40).getContext('2d')!;
    seen.drawImage(opened.bitmap, 0, 0);
    opened.bitmap.close();
    // Black on the left, nothing on the right.
    expect(seen.getImageData(10, 20, 1, 1).data[0]).toBeLessThan(40);
    // The same JPEG with an EXIF note that it lies on its side: 40 × 60 when upright.
    const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
    const exif = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1];
    const orientation = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
    const turned = new Blob([jpeg.slice(0, 2), new Uint8Array([...exif, ...orientation]), jpeg.slice(2)]);
    const { bitmap } = await decodePicture(turned);
    expect([bitmap.width, bitmap.height]).toEqual([40, 60]);
    bitmap.close();
    expect((await inspectPicture(turned)).media).toMatchObject({ width: 40, height: 60, orientation: 6 });
    await expect(decodePicture(new Blob([]))).rejects.toMatchObject({ code: 'media/empty-file' });
    await expect(decodePicture(new Blob(['no picture']))).rejects.toMatchObject({ code: 'media/not-picture' });
    await expect(decodePicture(new Blob([jpeg.slice(0, 40)]))).rejects.toMatchObject({ code: 'media/damaged' });
  });

  it('that end early are shown as far as they go, and those of other formats are named', async () => {
    const canvas = new OffscreenCanvas(320, 240);
    const context = canvas.getContext('2d')!;
    const noise = context.createImageData(320, 240);
    const random = createRandom(3, 'features');
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = i % 4 === 3 ? 255 : random.next() * 255;
    context.putImageData(noise, 0, 0);
    const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })).arrayBuffer());
    // Without its end mark, and cut after three quarters: Chromium refuses both as they are.
    for (const end of [jpeg.length - 2, Math.floor(jpeg.length * 0.75)]) {
      const { media, notice } = await inspectPicture(new Blob([jpeg.slice(0, end)]));
      expect([media.width, media.height]).toEqual([320, 240]);
      expect(notice).toMatch(/ends early/);
    }
    const more = await inspectPicture(new Blob([jpeg, new Uint8Array(500)]));
    expect(more.notice).toBeNull();
    const heic = new Blob(['\0\0\0\x18ftypheic\0\0\0\0mif1heic', new Uint8Array(200)]);
    await expect(inspectPicture(heic)).rejects.toMatchObject({ code: 'media/picture-format' });
  });

  it('of the sample are the same for the same seed, with boxes inside', () => {
    const canvas = new OffscreenCanvas(1, 1);
    const first = drawDice(canvas, 5);
    expect(drawDice(canvas, 5)).toEqual(first);
    expect(first.length).toBeGreaterThan(0);
    for (let seed = 1; seed <= 30; seed++)
      for (const box of drawDice(canvas, seed)) {
        expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(box.x + box.width, box.y + box.height)).toBeLessThanOrEqual(1 + 1e-9);
      }
  });
});

const network = await readShared('models/ssd-mobilenet-v1-coco.tflite');
const person = await readShared('data/action-clips/three_people.jpg');

describe.skipIf(!network || !person)('SSD MobileNet (skipped without ../shared)', () => {
  it('finds three people in a photograph of three people', { timeout: 60_000 }, async () => {
    const store = await Store.open('detection-test');
    const name = 'ssd-mobilenet-v1-coco.tflite';
    await storeNetworkFile(store, new Blob([bytesOf(network![0]!.base64)]), name);
    using known = await KnownObjects.load(store);
    expect(known.labels).toHaveLength(90);
    const { bitmap } = await decodePicture(new Blob([bytesOf(person![0]!.base64)]));
    const people = (await known.detect(bitmap, 0.5)).filter((box) => known.labels[box.classIndex] === 'person');
    bitmap.close();
    store.close();
    expect(people).toHaveLength(3);
    expect(intersectionOverUnion(people[0]!, people[1]!)).toBeLessThan(0.5);
  });
});
