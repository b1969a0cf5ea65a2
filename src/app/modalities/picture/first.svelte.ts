/** The camera of a first model of pictures: a hold is a burst. Main thread. */
import type { ModelRef } from '../../../domain/model.ts';
import { nowMs } from '../../../kernel/clock.ts';
import { openCamera } from '../../../media/ui.ts';
import { LiveCamera, type Look } from '../../../preview/ui.ts';
import type { PicturePreview, PictureSeen } from '../../../tasks/picture/preview.ts';
import type { FirstShow, Hand, HandAnswer } from '../../first/hand.ts';
import { keepRecorded, takeName } from '../../keep-recorded.ts';
import type { Studio, Workbench } from '../../studio.svelte.ts';

/** Milliseconds between the pictures of a burst. */
const EVERY_MS = 250;
type Seen = { atSec: number } & PictureSeen;

/** Looks at nothing: the camera is only shown. */
const unseen: Look<Seen> = (port, signal) =>
  new Promise((resolve) => {
    port.onmessage = ({ data }) => (data as { bitmap: ImageBitmap }).bitmap.close();
    signal.addEventListener('abort', () => (port.close(), resolve(null)), { once: true });
  });

class PictureCamera implements Hand {
  readonly #workbench: Workbench;
  readonly #studio: Studio;
  readonly #eye = new LiveCamera<Seen>(openCamera);
  readonly level = null;

  constructor(workbench: Workbench, studio: Studio) {
    this.#workbench = workbench;
    this.#studio = studio;
  }

  get state() {
    return this.#eye.state;
  }
  get isOn(): boolean {
    return this.#eye.isOn;
  }
  get stream(): MediaStream | null {
    return this.#eye.state.kind === 'on' ? this.#eye.state.camera.stream : null;
  }

  open(model: ModelRef | null): Promise<void> {
    const client = this.#studio.clients.inferenceAs<PicturePreview>();
    return this.#eye.open(
      null,
      model
        ? (port, signal, onProgress) =>
            client.call('watchPictures', { model, port }, { signal, transfer: [port], onProgress })
        : unseen,
    );
  }

  async record(into: { id: string; name: string }, session: string, released: Promise<void>): Promise<number> {
    const { project, task } = this.#workbench;
    const startedAtMs = nowMs();
    let isReleased = false;
    void released.then(() => (isReleased = true));
    let kept = 0;
    while (!isReleased && this.isOn) {
      const next = new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const blob = await this.#shot();
      if (blob) {
        const name = takeName(into.name, startedAtMs, kept + 1, 'jpg');
        const [made] = await this.#studio.clients.features.call('inspect', { task: task.kind, blob, name });
        // What was taken in one go looks alike: it stays on one side of a split.
        if (made) await keepRecorded(project, made, { name, classId: into.id, session, recording: `burst:${session}` });
        kept++;
      }
      await next;
    }
    return kept;
  }

  async #shot(): Promise<Blob | null> {
    const { video } = this.#eye;
    if (!video || video.videoWidth === 0) return null;
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext('2d')!.drawImage(video, 0, 0);
    return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
  }

  onAnswer(listener: (answer: HandAnswer) => void): () => void {
    return this.#eye.onReport(({ atSec, scores }) => listener({ atSec, scores }));
  }

  [Symbol.dispose](): void {
    this.#eye[Symbol.dispose]();
  }
}

/** See the file header. */
export const FIRST: FirstShow = {
  open: (workbench, studio) => new PictureCamera(workbench, studio),
  shortestSec: 1,
  goodStart: 20,
  countdownSec: 0,
};
