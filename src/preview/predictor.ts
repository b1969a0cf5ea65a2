/** A trained sound model ready to run. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelArtifact } from '../dataset/index.ts';
import { copyWindow, LOG_MEL_SPEC, type WindowFrames } from '../features/index.ts';
import { loadArtifact, normalise, startEngine } from '../training/jobs.ts';

/** Windows run at once; the last batch is padded, so that memory is allocated for one size only. */
const BATCH = 16;

/** Owns the network. Used by evaluation, live preview and file analysis alike. */
export class SoundPredictor implements Disposable {
  readonly artifact: ModelArtifact;
  readonly #model: LayersModel;

  private constructor(artifact: ModelArtifact, model: LayersModel) {
    this.artifact = artifact;
    this.#model = model;
  }

  /** Loads the model on WebAssembly: small networks run there faster than a GPU can be read back (EXPERIMENTS §6). */
  static async load(artifact: ModelArtifact): Promise<SoundPredictor> {
    await startEngine('wasm');
    return new SoundPredictor(artifact, await loadArtifact(artifact));
  }

  get window(): WindowFrames {
    const { windowFrames, hopFrames } = this.artifact.preprocessing;
    return { windowFrames, hopFrames };
  }

  get classNames(): string[] {
    return this.artifact.classes.map((label) => label.name);
  }

  /**
   * @param logMel shape [frames, 64]. Borrowed. @param starts first frame of each window; may reach beyond the clip.
   * @returns probabilities, shape [starts, classes].
   */
  async predict(logMel: Float32Array, starts: readonly number[]): Promise<Float32Array> {
    const { windowFrames } = this.window;
    const bands = LOG_MEL_SPEC.bandCount;
    const classCount = this.artifact.classes.length;
    const result = new Float32Array(starts.length * classCount);
    for (let at = 0; at < starts.length; at += BATCH) {
      const chosen = starts.slice(at, at + BATCH);
      const size = starts.length === 1 ? 1 : BATCH;
      const inputs = new Float32Array(size * windowFrames * bands);
      chosen.forEach((start, i) => copyWindow(logMel, start, windowFrames, inputs, i * windowFrames * bands));
      normalise(inputs, this.artifact.preprocessing);
      const output = tf.tidy(() =>
        tf.softmax(this.#model.apply(tf.tensor4d(inputs, [size, windowFrames, bands, 1])) as tf.Tensor2D),
      );
      try {
        result.set(((await output.data()) as Float32Array).subarray(0, chosen.length * classCount), at * classCount);
      } finally {
        output.dispose();
      }
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#model.dispose();
  }
}
