/** What a first model is shown by, and answers by: a microphone or a camera. Main thread. */
import type { StudioError } from '../../kernel/errors.ts';
import type { ModelRef } from '../../domain/model.ts';
import type { Studio, Workbench } from '../studio.svelte.ts';

/** One answer. `scores` in the order of the model's classes, borrowed; null where nobody is there. */
export type HandAnswer = { atSec: number; scores: Float32Array | null };

/** Reactive. Dispose it with its page: the device goes off. */
export interface Hand extends Disposable {
  readonly state: { kind: string; error?: StudioError; warnings?: readonly string[] };
  readonly isOn: boolean;
  /** How loud it is, 0..1; null for a camera. */
  readonly level: number | null;
  /** What the camera sees; null for a microphone, or while it is off. */
  readonly stream: MediaStream | null;
  /** Turns it on; answers with `model` from then on, or only records. A failure becomes the state. */
  open(model: ModelRef | null): Promise<void>;
  /** Records into a class until `released`, in examples that are undone together as `session`. @returns how many were kept. @throws StudioError */
  record(into: { id: string; name: string }, session: string, released: Promise<void>): Promise<number>;
  /** @returns a function that ends it. */
  onAnswer(listener: (answer: HandAnswer) => void): () => void;
}

/** How a task is shown its first examples. */
export type FirstShow = {
  open: (workbench: Workbench, studio: Studio) => Hand;
  /** Shortest recording, in seconds: what a tap makes. */
  shortestSec: number;
  /** Examples of a class that are a good start here. */
  goodStart: number;
  /** Seconds between the press and the recording: time to step back. */
  countdownSec: number;
};
