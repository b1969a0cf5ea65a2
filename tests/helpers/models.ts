/** Models of every kind the app trains, with random weights: what an export has to say is decided by their form, not by what they have learnt. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelArtifact, Preprocessing } from '../../src/domain/model.ts';
import type { TaskKind } from '../../src/domain/task.ts';
import { embeddingWindow, rateOfNetwork } from '../../src/features/sound/embedding-spec.ts';
import { adjacencyOf } from '../../src/features/movement/motion.ts';
import { BLAZEPOSE_JOINTS, chooseJoints } from '../../src/features/movement/skeleton.ts';
import { LOG_MEL_SPEC } from '../../src/features/sound/spec.ts';
import { createRandom } from '../../src/kernel/random.ts';
import { saveArtifact } from '../../src/model/artifact.ts';
import { buildHead } from '../../src/training/classification/heads.ts';
import { buildDetectorHead, buildFullDetector } from '../../src/training/detection/detector-network.ts';
import { buildGraphNetwork, buildTemporalNetwork } from '../../src/training/movement/networks.ts';
import { buildSoundNetwork } from '../../src/training/sound/full-network.ts';
import { buildPictureNetwork } from '../../src/tasks/picture/network.ts';

/** Names of the models there are. */
export const MODELS = [
  'sound on YAMNet',
  'sound on mn04',
  'sound on words',
  'sound on words, one layer',
  'sound from nothing',
  'action by time',
  'action by graph',
  'picture on MobileNet',
  'picture from nothing',
  'objects on SSD',
  'objects from nothing',
] as const;
export type ModelName = (typeof MODELS)[number];

/** One of them: `infer` is the network as it was trained, on the features that stand before it. */
export type MadeModel = { task: TaskKind; artifact: ModelArtifact; infer: LayersModel };

const CLASSES = ['dog', 'cat', 'bird'].map((name, i) => ({ id: `class-${i}`, name, color: i + 1 }));

/** Weights as training leaves them: no statistics of a normalisation at their start, variances above 0. */
function shake(model: LayersModel, seed: string): void {
  const random = createRandom(1, seed);
  for (const weight of model.weights) {
    const { name, shape } = weight;
    const spread = /variance/.test(name) ? 0.5 : /gamma/.test(name) ? 0.2 : /mean|beta|bias/.test(name) ? 0.1 : 0;
    if (spread === 0) continue;
    const size = shape.reduce((product: number, side) => product * side!, 1);
    const base = /variance|gamma/.test(name) ? 1 : 0;
    const values = Float32Array.from({ length: size }, () => base + spread * (2 * random.next() - 1));
    weight.write(tf.tensor(values, shape as number[]));
  }
}

const shared = { windowSec: 1, overlapRatio: 0.5, clipScore: 'mean' } as const;

function describe(name: ModelName): { task: TaskKind; preprocessing: Preprocessing; infer: LayersModel } {
  const count = CLASSES.length;
  switch (name) {
    case 'sound on YAMNet':
    case 'sound on mn04':
    case 'sound on words':
    case 'sound on words, one layer': {
      const kind = name === 'sound on YAMNet' ? 'yamnet' : name === 'sound on mn04' ? 'mn04' : 'speech-embedding';
      const { windowSamples, shape } = embeddingWindow(kind, 1);
      const preprocessing: Preprocessing = {
        ...shared,
        kind,
        sampleRateHz: rateOfNetwork(kind),
        mean: { yamnet: 0.3, mn04: 0.2, 'speech-embedding': 2 }[kind],
        deviation: { yamnet: 0.6, mn04: 0.4, 'speech-embedding': 9 }[kind],
        networkFiles: [],
        windowSamples,
        hopSamples: windowSamples >> 1,
        shape,
      };
      const head = name.endsWith('layer') || kind === 'mn04' ? 'linear' : 'hidden';
      return { task: 'sound', preprocessing, infer: buildHead(shape, count, head, 1).infer };
    }
    case 'sound from nothing': {
      const { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset, sampleRateHz } = LOG_MEL_SPEC;
      const spectrum = { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset, sampleRateHz };
      const frames = { windowFrames: 96, hopFrames: 48 };
      return {
        task: 'sound',
        preprocessing: { ...shared, ...spectrum, ...frames, kind: 'log-mel', mean: -3, deviation: 2 },
        infer: buildSoundNetwork({ frames: 96, bands: bandCount, classCount: count }, 1).infer,
      };
    }
    case 'action by time':
    case 'action by graph': {
      const joints = chooseJoints(BLAZEPOSE_JOINTS, 'body');
      const [frames, channels] = [31, 7];
      const shape = [frames, joints.length + 1, channels];
      const build = name === 'action by time' ? buildTemporalNetwork : buildGraphNetwork;
      const motion = { frames, nodes: joints.length + 1, channels, classCount: count, adjacency: adjacencyOf(joints) };
      return {
        task: 'action',
        preprocessing: {
          ...shared,
          kind: 'landmarks',
          mean: 0.1,
          deviation: 1.2,
          frameRateHz: 15,
          windowFrames: frames,
          hopFrames: 15,
          joints: [...joints],
          shape,
        },
        infer: build(motion, 1).infer,
      };
    }
    case 'picture on MobileNet':
      return {
        task: 'picture',
        preprocessing: {
          kind: 'picture-embedding',
          network: 'mobilenet-v2',
          networkFiles: [],
          pixels: 224,
          mean: 0.4,
          deviation: 0.8,
          shape: [1280],
        },
        infer: buildHead([1280], count, 'linear', 1).infer,
      };
    case 'picture from nothing':
      return {
        task: 'picture',
        preprocessing: {
          kind: 'picture-pixels',
          network: null,
          networkFiles: [],
          pixels: 64,
          mean: 120,
          deviation: 70,
          shape: [64, 64, 3],
        },
        infer: buildPictureNetwork(64, count, 1).infer,
      };
    case 'objects on SSD': {
      const channels = 192 + 384 + 768;
      return {
        task: 'detection',
        preprocessing: {
          kind: 'ssd-mobilenet',
          pixels: 96,
          tiles: 1,
          scale: 2.5,
          channelMean: Array.from({ length: channels }, (_, i) => 10 + (i % 7)),
          channelFactor: Array.from({ length: channels }, (_, i) => 0.05 + 0.001 * (i % 5)),
        },
        infer: buildDetectorHead(count, 1).infer,
      };
    }
    case 'objects from nothing':
      return {
        task: 'detection',
        preprocessing: {
          kind: 'pixels',
          pixels: 96,
          tiles: 1,
          scale: 2.5,
          channelMean: [120, 115, 110],
          channelFactor: [0.015, 0.016, 0.017],
        },
        infer: buildFullDetector(count, 1).infer,
      };
  }
}

/** Makes one. The caller disposes `infer`. */
export async function makeModel(name: ModelName): Promise<MadeModel> {
  if (!tf.getBackend()) await tf.setBackend('cpu');
  const { task, preprocessing, infer } = describe(name);
  shake(infer, name);
  return { task, infer, artifact: await saveArtifact(infer, { classes: CLASSES, preprocessing }) };
}
