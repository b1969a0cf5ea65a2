/** What a task brings to the room export: what its models say of themselves. Any thread; pure. */
import type * as v from 'valibot';
import type { Calibration } from '../domain/calibration.ts';
import type { Preprocessing } from '../domain/model.ts';
import type { NetworkId } from '../features/index.ts';
import type { TfliteInput } from '../formats/index.ts';

/** Input of the graph of a whole model. `isBytes`: in TensorFlow Lite it is bytes. */
export type GraphInput = { input: TfliteInput; about: string; shape: readonly number[]; isBytes: boolean };

/** See the file header. */
export type BundleSlot = {
  /** Name of the format in `preprocessing.json`; a contract. */
  format: string;
  /** "A sound classifier". */
  what: string;
  /** Every number of its preprocessing. Field names are a contract. */
  schema: v.GenericSchema<unknown, Preprocessing>;
  describeInput: (p: Preprocessing) => string;
  /** What the graph of the whole model takes, in a few words: formats that hold the network it stands on begin with what a device records. */
  graphInput: (p: Preprocessing) => GraphInput;
  /** Teachable Machine's library for models of it, which this app can run; null when there is none. */
  teachable: string | null;
  /** Its outputs are boxes. */
  isDetector: boolean;
  /** Examples become the input of such a file by way of cached features. */
  fileNeedsFeatures: boolean;
  /** What a single file cannot hold of it; null when it holds all. */
  limit: (p: Preprocessing) => string | null;
  describeOutput: (p: Preprocessing, classCount: number, calibration: Calibration | null) => string;
  /** Pretrained networks whose files a model needs. */
  networks: (p: Preprocessing) => NetworkId[];
  /** Networks that a page needs to make the input of what a device records. */
  companions: readonly NetworkId[];
  /** In a page networks run on LiteRT. */
  needsLiteRt: (p: Preprocessing) => boolean;
  /** How the library runs it live, in code: what opens the device, the method, and what is told of an `answer`. */
  live: { open: string; method: string; tell: string };
  /** What is done with a loaded `model`, in a few lines of code. */
  usage: string;
};

/** Output of a classifier. */
export const classifierOutput: BundleSlot['describeOutput'] = (_p, classCount, calibration) =>
  `float32 [windows, ${classCount}], logits: apply softmax. Score of a clip: the mean over its windows.${calibration?.isOn ? ` Confidence: score ^ (1 / ${calibration.temperature.toFixed(4)}), divided by the sum over the classes.` : ''}`;
