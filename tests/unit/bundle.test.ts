/** export: a bundle round trip, and what is refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, it } from 'vitest';
import type { ModelArtifact } from '../../src/domain/model.ts';
import type { StudioError } from '../../src/kernel/errors.ts';
import { bundleFiles, descriptionSchema, exampleFiles, openExported, readBundle } from '../../src/export/index.ts';
import { TASK } from '../../src/tasks/index.ts';

const artifact: ModelArtifact = {
  topology: '{"class_name":"Functional"}',
  weightSpecs: [{ name: 'w', shape: [2, 3], dtype: 'float32' }],
  weights: Float32Array.of(1, 2, 3, 4, 5, 6).buffer,
  classes: [
    { id: 'a', name: 'Dog', color: 1 },
    { id: 'b', name: 'Cat', color: 2 },
  ],
  preprocessing: {
    kind: 'log-mel',
    sampleRateHz: 16000,
    windowSamples: 400,
    hopSamples: 160,
    fftSize: 512,
    bandCount: 64,
    lowHz: 125,
    highHz: 7500,
    logOffset: 0.001,
    windowSec: 0.975,
    overlapRatio: 0.5,
    windowFrames: 96,
    hopFrames: 49,
    mean: -2.5,
    deviation: 1.25,
    clipScore: 'mean',
  },
};
/** Preprocessing of each task, as examples need it. */
const GIVEN: Record<string, ModelArtifact['preprocessing']> = {
  'understudy-sound': artifact.preprocessing,
  'understudy-action': {
    ...{ kind: 'landmarks', windowSec: 2, overlapRatio: 0.5, mean: 0, deviation: 1, clipScore: 'mean' },
    ...{ frameRateHz: 20, windowFrames: 40, hopFrames: 20, joints: ['nose'], shape: [40, 2, 7] },
  },
  'understudy-detection': {
    ...{ kind: 'pixels', pixels: 320, tiles: 1, scale: 4, channelMean: [0, 0, 0], channelFactor: [1, 1, 1] },
  },
  'understudy-picture': {
    ...{ kind: 'picture-pixels', network: null, networkFiles: [], pixels: 224, mean: 0, deviation: 1 },
    shape: [224, 224, 3],
  },
};
const files = () =>
  new Map(
    bundleFiles(
      TASK.sound.bundle,
      artifact,
      { name: 'N', author: 'A', description: '', licence: 'MIT', version: '' },
      ['Testing: 90 %'],
      'Understudy',
    ).map((file) => [file.path, file.blob]),
  );
const slots = Object.values(TASK).map(({ bundle }) => bundle);
const read = (map: Map<string, Blob>) => readBundle(slots, async (path) => map.get(path) ?? null);

describe('a bundle', () => {
  it('comes back as it went', async () => {
    const { model: back, slot } = await read(files());
    expect(slot).toBe(TASK.sound.bundle);
    expect(back.preprocessing).toEqual(artifact.preprocessing);
    expect(back.weightSpecs).toEqual(artifact.weightSpecs);
    expect(back.classes.map(({ name }) => name)).toEqual(['Dog', 'Cat']);
    expect(new Float32Array(back.weights)).toEqual(new Float32Array(artifact.weights));
  });
  it('has the files TensorFlow.js and people expect', async () => {
    const map = files();
    expect([...map.keys()].sort()).toEqual([
      'README.md',
      'labels.txt',
      'model.json',
      'preprocessing.json',
      'weights.bin',
    ]);
    const model = JSON.parse(await map.get('model.json')!.text()) as {
      format: string;
      weightsManifest: { paths: string[] }[];
    };
    expect(model.format).toBe('layers-model');
    expect(model.weightsManifest[0]!.paths).toEqual(['weights.bin']);
    expect(await map.get('labels.txt')!.text()).toBe('Dog\nCat\n');
  });
  it.each(['model.json', 'weights.bin', 'preprocessing.json'])('without %s is refused by name', async (path) => {
    const map = files();
    map.delete(path);
    await expect(read(map)).rejects.toMatchObject({
      code: 'export/model-damaged',
      message: expect.stringContaining(path) as string,
    });
  });
  it('with cut weights or broken JSON is refused', async () => {
    const cut = files();
    cut.set('weights.bin', cut.get('weights.bin')!.slice(0, 20));
    await expect(read(cut)).rejects.toThrow(/20 bytes instead of 24/);
    const broken = files();
    broken.set('model.json', new Blob(['{']));
    await expect(read(broken)).rejects.toMatchObject({ code: 'export/model-damaged' });
  });
});

describe('the schema of preprocessing.json', () => {
  const path = join(import.meta.dirname, '../../docs/preprocessing.schema.json');
  it('is made of what the reader checks (UPDATE_SCHEMA=1 writes it anew)', () => {
    const schema = {
      title: 'preprocessing.json of a model exported by Understudy',
      ...toJsonSchema(descriptionSchema(Object.values(TASK).map(({ bundle }) => bundle)) as never),
    };
    if (process.env.UPDATE_SCHEMA) writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});

describe('the examples in a bundle', () => {
  it('name every variable they use, and never a file of another name', async () => {
    for (const { bundle } of Object.values(TASK)) {
      const preprocessing = GIVEN[bundle.format]!;
      const list = exampleFiles(bundle, { ...artifact, preprocessing });
      expect(list.map(({ path }) => path.replace('examples/', ''))).toEqual([
        'page.html',
        'React.jsx',
        'Live.svelte',
        'node.mjs',
        'litert.py',
        'onnx.py',
        'Android.kt',
        'Apple.swift',
      ]);
      for (const { path, blob } of list) {
        const text = await blob.text();
        expect(text, path).not.toMatch(/undefined|\[object|NaN|null\b.*TODO/);
        if (path.endsWith('.kt') || path.endsWith('.swift')) continue;
        expect(text, path).toMatch(/labels|load\(/);
      }
    }
  });
});

describe('a model that comes in', () => {
  const slots = Object.values(TASK).map(({ bundle }) => bundle);
  const nothing = () => Promise.reject(new Error('not called'));
  const tools = { unzip: nothing, readFile: nothing };
  const given = (changes: Record<string, string | Uint8Array<ArrayBuffer> | null>) =>
    [...files()]
      .filter(([path]) => changes[path] !== null)
      .map(([path, blob]) => ({ path: `export/${path}`, blob: path in changes ? new Blob([changes[path]!]) : blob }));
  const refusal = (list: { path: string; blob: Blob }[]) =>
    openExported(slots, list, tools).then(
      () => 'opened',
      (error: StudioError) => `${error.code}: ${error.message}`,
    );

  it('is read from a folder, with what it answers by', async () => {
    const opened = await openExported(slots, given({}), tools);
    expect([opened.slot, opened.model.classes.map(({ name }) => name)]).toEqual([TASK.sound.bundle, ['Dog', 'Cat']]);
    expect(opened.answering.smoothingSec).toBe(0.5);
  });

  it('is refused in words when it is damaged, cut off, or another program’s', async () => {
    const nothing = new Float32Array(6).fill(NaN);
    expect(await refusal(given({ 'weights.bin': new Uint8Array(nothing.buffer) }))).toMatch(
      /^export\/model-damaged: .*no numbers/,
    );
    expect(await refusal(given({ 'weights.bin': new Uint8Array(23) }))).toMatch(/23 bytes instead of 24/);
    expect(await refusal(given({ 'weights.bin': null }))).toMatch(/weights\.bin is missing/);
    expect(await refusal(given({ 'model.json': '{"modelTopology":' }))).toMatch(/^export\/model-damaged/);
    expect(await refusal(given({ 'preprocessing.json': '{}' }))).toMatch(/not one this app has written/);
    expect(await refusal([{ path: 'x.html', blob: new Blob(['<html></html>']) }])).toMatch(/no model\.json/);
    const broken = '<script type="text/plain" data-file="model.json">AAAA</script>';
    expect(await refusal([{ path: 'x.html', blob: new Blob([broken]) }])).toMatch(
      /x\.html was not opened: it is damaged/,
    );
    // Teachable Machine: other libraries' models, and one without its weights.
    const model = JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['weights.bin'], weights: [] }] });
    const foreign = (metadata: object) => [
      { path: 'model.json', blob: new Blob([model]) },
      { path: 'metadata.json', blob: new Blob([JSON.stringify(metadata)]) },
    ];
    expect(await refusal(foreign({ packageName: '@teachablemachine/pose', labels: ['a', 'b'] }))).toMatch(
      /a model of @teachablemachine\/pose/,
    );
    expect(await refusal(foreign({ labels: ['a', 'b'] }))).toMatch(/weights\.bin is missing/);
    expect(await refusal(foreign({ labels: [] }))).toMatch(/names no classes/);
  });
});
