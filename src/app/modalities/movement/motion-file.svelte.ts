/** The file of an action clip as it is looked at: its landmarks and its picture. The newest asked wins. Main thread. */
import type { MediaOf } from '../../../domain/task.ts';
import { releaseAddress } from '../../../ui/release-address.ts';
import { frameCount, MOTION_VALUES, type Motion } from '../../../features/index.ts';

/** What reading takes: landmarks from a worker, files from the store. */
export type MotionTools = {
  loadMotion: (file: MotionFileOf) => Promise<Motion | null>;
  loadBlob: (hash: string) => Promise<Blob | null>;
  onError: (error: unknown) => void;
};

/** A stored file and the rates at which its landmarks may be kept. */
export type MotionFileOf = { hash: string; info: MediaOf<'movement'>; ratesHz: number[] };

/** See the file header. */
export class MotionFile implements Disposable {
  readonly #tools: MotionTools;
  #motion = $state.raw<Motion | null>(null);
  #url = $state<string | null>(null);
  /** Not state: effects that open a file must not follow it. */
  #address: string | null = null;
  #asked = 0;

  constructor(tools: MotionTools) {
    this.#tools = tools;
  }

  get motion(): Motion | null {
    return this.#motion;
  }

  /** Address of the video; null while it is read, and for files that are landmarks only. */
  get url(): string | null {
    return this.#url;
  }

  /** The landmarks of the frame nearest to a time; null without any. @returns a view, `[joint][MOTION_VALUES]` */
  poseAt(sec: number): Float32Array | null {
    if (!this.#motion) return null;
    const { joints, frameRateHz, values } = this.#motion;
    const size = joints.length * MOTION_VALUES;
    const at = Math.min(frameCount(this.#motion) - 1, Math.max(0, Math.round(sec * frameRateHz)));
    return values.subarray(at * size, (at + 1) * size);
  }

  /** Shows a file; the one before is let go at once. An answer or a failure that comes after another file was asked for is dropped. */
  async open(file: MotionFileOf): Promise<void> {
    this[Symbol.dispose]();
    const asked = this.#asked;
    try {
      const motion = await this.#tools.loadMotion(file);
      if (asked !== this.#asked) return;
      this.#motion = motion;
      const blob = file.info.source === 'video' ? await this.#tools.loadBlob(file.hash) : null;
      if (blob && asked === this.#asked) this.#url = this.#address = URL.createObjectURL(blob);
    } catch (error) {
      if (asked === this.#asked) this.#tools.onError(error);
    }
  }

  [Symbol.dispose](): void {
    this.#asked++;
    releaseAddress(this.#address);
    this.#url = this.#address = null;
    this.#motion = null;
  }
}
