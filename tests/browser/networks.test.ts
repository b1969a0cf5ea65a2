/**
 * Networks of sounds on LiteRT.js in this browser. YAMNet: the classifier layer applied to the embedding gives the scores of the unedited network. mn04: what we write of its
 * PyTorch file gives the numbers of the numpy reference. Needs ../shared.
 */
import '../../workers/wasm-files.ts';
import { commands } from 'vitest/browser';
import { describe, expect, it } from 'vitest';
import golden from '../golden/mn04.json';
import { LiteNetwork } from '../../src/features/networks/litert.ts';
import { OPERATORS, TfliteGraph } from '../../src/features/networks/tflite.ts';
import { createEmbedder } from '../../src/features/sound/embedders.ts';
import { joinBlocks } from '../../src/media/blocks.ts';
import { cutPcmWindows, sampleCut } from '../../src/features/sound/pcm-windows.ts';
import { exposeYamnetEmbedding, yamnetLabels } from '../../src/features/sound/yamnet.ts';
import { readSound } from '../../src/media/jobs.ts';

const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const model = await readShared('models/yamnet.tflite');

describe.skipIf(!model)('YAMNet (skipped without ../shared/models)', () => {
  it('reproduces its 521 scores from the embedding, on real recordings', async () => {
    const file = bytesOf(model![0]!.base64).buffer;
    const labels = yamnetLabels(file);
    using whole = await LiteNetwork.load(new Uint8Array(file));
    using embedding = await LiteNetwork.load(exposeYamnetEmbedding(file));
    const graph = new TfliteGraph(file);
    const dense = graph.operators().findLast((operator) => operator.code === OPERATORS.fullyConnected)!;
    const [, weightTensor, biasTensor] = dense.inputs.map((index) => graph.tensor(index));
    const logitTensor = graph.tensor(dense.outputs[0]!);
    const weights = new Int8Array(graph.content(weightTensor!).slice().buffer);
    const bias = new Int32Array(graph.content(biasTensor!).slice().buffer);
    const weightScale = weightTensor!.quantisation.scales;
    const biasScale = biasTensor!.quantisation.scales;
    const logitScale = logitTensor.quantisation.scales[0]!;

    let compared = 0;
    for (const folder of ['dog', 'rain', 'clock_tick', 'crying_baby']) {
      const clips = await readShared(`data/sound-esc10/clips/${folder}`);
      const blocks: Float32Array[] = [];
      await readSound(new Blob([bytesOf(clips![0]!.base64)]), (pcm) => void blocks.push(pcm));
      const windows = cutPcmWindows(joinBlocks(blocks), sampleCut(15_600, 15_600)).slice(0, 3);
      for (const { pcm } of windows) {
        const scores = await whole.run(pcm, [15_600]);
        const values = await embedding.run(pcm, [15_600]);
        expect(scores.length).toBe(521);
        expect(values.length).toBe(1024);
        for (let c = 0; c < 521; c++) {
          let sum = bias[c]! * (biasScale[c] ?? biasScale[0]!);
          const scale = weightScale[c] ?? weightScale[0]!;
          for (let i = 0; i < 1024; i++) sum += weights[c * 1024 + i]! * scale * values[i]!;
          // The network rounds its logits to steps of `logitScale`: one step to either side is the same value.
          const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
          expect(scores[c]!).toBeGreaterThanOrEqual(sigmoid(sum - logitScale) - 1 / 128);
          expect(scores[c]!).toBeLessThanOrEqual(sigmoid(sum + logitScale) + 1 / 128);
        }
        compared++;
      }
    }
    expect(compared).toBe(12);
    expect(labels).toHaveLength(521);
  });
});

const large = await readShared('models/mn04_as_mAP_432.pt');

describe.skipIf(!large)('mn04 (skipped without ../shared/models)', () => {
  it('gives the numbers of the reference, front end included', async () => {
    const file = new Blob([bytesOf(large![0]!.base64)]);
    const store = { loadNetworkFile: () => Promise.resolve(file), saveNetworkFile: () => Promise.resolve() };
    using embedder = await createEmbedder(store, 'mn04', 2);
    const samples = Float32Array.from({ length: 64_000 }, (_, i) => {
      const t = i / 32_000;
      const pulse = Math.sin(2 * Math.PI * 3 * t) > 0 ? 0.2 * Math.sin(2 * Math.PI * 7000 * t) : 0;
      return 0.4 * Math.sin(2 * Math.PI * (300 + 900 * t) * t) + pulse + 0.1 * Math.sin(2 * Math.PI * 12_000 * t);
    });
    const started = performance.now();
    const values = await embedder.embed(samples);
    console.info(`mn04: ${Math.round(performance.now() - started)} ms for 2 s of sound`);
    expect(values).toHaveLength(golden.width);
    golden.values.forEach((value, i) => expect(values[i * golden.step]).toBeCloseTo(value, 3));
  });
});
