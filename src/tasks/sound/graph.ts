/** A sound model as one graph: samples of a window in, scores out. Worker thread. */
import type { SoundPreprocessing } from '../../domain/model.ts';
import type { GraphInputs } from '../../evaluation/jobs.ts';
import { addLayers, standardise, toScores, type BuildGraph } from '../../export/jobs.ts';
import { addLogMel, addMn04, addSpeechEmbedding, addYamnet, readPcm } from '../../features/jobs.ts';
import { cutPcmWindows, windowCut } from '../../features/index.ts';
import { GraphBuilder, readPytorch } from '../../formats/index.ts';

/** See the file header. */
export const buildSoundGraph: BuildGraph = async (artifact, files, temperature) => {
  const p = artifact.preprocessing as SoundPreprocessing;
  const builder = new GraphBuilder();
  const samples = builder.input('samples', [windowCut(p).windowSamples]);
  const feature = async () => {
    if (p.kind === 'log-mel')
      return builder.reshape(addLogMel(builder, samples, p.windowFrames), [1, p.windowFrames, p.bandCount, 1]);
    const network = files(p.kind);
    if (p.kind === 'yamnet') return addYamnet(builder, samples, network[0]!);
    if (p.kind === 'mn04') return addMn04(builder, samples, await readPytorch(network[0]!));
    return addSpeechEmbedding(builder, samples, network);
  };
  const input = standardise(builder, await feature(), [p.mean], [1 / p.deviation]);
  const logits = addLayers(builder, artifact, [input]);
  return builder.graph('sound classifier', { scores: toScores(builder, logits, temperature) });
};

/** Samples of the windows of a clip. */
export const soundInputs: GraphInputs = async ({ hash }, preprocessing, store) => {
  const p = preprocessing as SoundPreprocessing;
  const cut = windowCut(p);
  const windows = cutPcmWindows(await readPcm(store, hash, undefined, p.sampleRateHz), cut);
  if (p.kind !== 'log-mel') return windows.map(({ pcm }) => pcm);
  // A short clip lies on whole rows of its spectrogram.
  return windows.map(({ pcm, own }) => {
    if (own.length === pcm.length) return pcm;
    const rows = Math.max(1, Math.floor((own.length - p.windowSamples) / p.hopSamples) + 1);
    const aligned = new Float32Array(pcm.length);
    aligned.set(own, Math.floor((p.windowFrames - rows) / 2) * p.hopSamples);
    return aligned;
  });
};
