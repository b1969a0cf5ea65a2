/** One look at a video or landmark file: readable? how long, how large, a small picture, content identity. Worker thread. */
import { posterOf } from '../../domain/media.ts';
import type { InspectedMedia } from '../../domain/project.ts';
import type { MediaOf } from '../../domain/task.ts';
import { hashBlob } from '../../kernel/content-hash.ts';
import { StudioError } from '../../kernel/errors.ts';
import { openVideo } from '../../media/jobs.ts';
import { formatLandmarks, readLandmarks, type LandmarkSequence } from './landmark-files.ts';
import { frameCount, MOTION_VALUES, SEEN, type Motion } from './motion.ts';
import { bonesOf, sideOf } from './skeleton.ts';

/** A video or landmark sequence after inspection. */
export type InspectedMovement = InspectedMedia<MediaOf<'movement'>>;

const POSTER_WIDTH = 240;
const POSTER_HEIGHT = 84;
/** Skeletons in the picture of a landmark sequence. */
const FIGURES = 5;
/** Largest landmark file that is read, in bytes. */
const MOST_BYTES = 200e6;

const bytesOf = async (canvas: OffscreenCanvas, type: string) =>
  new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.8 })).arrayBuffer());

/** Figures of a motion side by side, in colours that are seen on light and dark. */
async function drawFigures(motion: Motion): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(POSTER_WIDTH * 2, POSTER_HEIGHT * 2);
  const context = canvas.getContext('2d')!;
  const { joints, values } = motion;
  const frames = frameCount(motion);
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < values.length; at += MOTION_VALUES) {
    if (values[at + 2]! < SEEN) continue;
    left = Math.min(left, values[at]!);
    right = Math.max(right, values[at]!);
    top = Math.min(top, values[at + 1]!);
    bottom = Math.max(bottom, values[at + 1]!);
  }
  const cell = canvas.width / FIGURES;
  const scale = Math.min(
    (cell * 0.96) / Math.max(1e-6, right - left),
    (canvas.height * 0.9) / Math.max(1e-6, bottom - top),
  );
  const bones = bonesOf(joints);
  context.lineWidth = 3;
  context.lineCap = 'round';
  for (let i = 0; i < FIGURES; i++) {
    const f = Math.min(frames - 1, Math.round(((i + 0.5) / FIGURES) * (frames - 1)));
    const point = (j: number) => {
      const at = (f * joints.length + j) * MOTION_VALUES;
      return {
        x: cell * (i + 0.5) + (values[at]! - (left + right) / 2) * scale,
        y: canvas.height / 2 + (values[at + 1]! - (top + bottom) / 2) * scale,
        isSeen: values[at + 2]! >= SEEN,
      };
    };
    for (const [a, b] of bones) {
      const [from, to] = [point(a), point(b)];
      if (!from.isSeen || !to.isSeen) continue;
      const side = sideOf(joints[b]!);
      context.strokeStyle = side === 'left' ? '#3f7ca6' : side === 'right' ? '#c07d12' : '#7d8783';
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
    }
    if (bones.length === 0) {
      context.fillStyle = '#7d8783';
      joints.forEach((_, j) => {
        const { x, y, isSeen } = point(j);
        if (isSeen) context.fillRect(x - 2, y - 2, 4, 4);
      });
    }
  }
  return bytesOf(canvas, 'image/png');
}

/** A sequence as a file of its own. */
export async function packSequence(sequence: LandmarkSequence): Promise<InspectedMovement> {
  const blob = new Blob([formatLandmarks(sequence)], { type: 'application/json' });
  const { motion } = sequence;
  const durationSec = frameCount(motion) / motion.frameRateHz;
  const info: MediaOf<'movement'> = {
    kind: 'movement',
    source: 'landmarks',
    startSec: 0,
    endSec: durationSec,
    durationSec,
    fileSec: durationSec,
    frameRateHz: motion.frameRateHz,
    width: Math.round(sequence.aspect * 1000),
    height: 1000,
    codec: 'landmarks',
    joints: [...motion.joints],
  };
  return {
    hash: await hashBlob(blob),
    blob,
    media: info,
    picture: posterOf(await drawFigures(motion)),
    notice: null,
    name: sequence.name,
    label: sequence.label,
    ...(sequence.recording ? { recording: sequence.recording } : {}),
  };
}

/**
 * Inspects a file. A landmark file may hold several sequences; a video is one.
 * @param name tells landmark files by their ending.
 * @throws StudioError `media/empty-file`, `media/not-landmarks`, and as media `openVideo`.
 */
export async function inspectMotion(blob: Blob, name: string, signal: AbortSignal): Promise<InspectedMovement[]> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  if (/\.(json|csv|txt)$/i.test(name)) {
    if (blob.size > MOST_BYTES)
      throw new StudioError('media/not-landmarks', { message: 'The file is larger than 200 MB.' });
    const sequences = readLandmarks(await blob.text(), name);
    const made: InspectedMovement[] = [];
    for (const sequence of sequences) made.push(await packSequence(sequence));
    return made;
  }
  const video = await openVideo(blob);
  try {
    const { codec, width, height, frameRateHz, durationSec, rotationDeg } = video;
    let poster: Uint8Array | null = null;
    for await (const frame of video.framesAt([durationSec / 2], POSTER_WIDTH * 1.5, signal)) {
      const canvas = new OffscreenCanvas(frame.width, frame.height);
      canvas
        .getContext('2d')!
        .putImageData(new ImageData(frame.data as Uint8ClampedArray<ArrayBuffer>, frame.width), 0, 0);
      poster = await bytesOf(canvas, 'image/jpeg');
    }
    if (!poster) throw new StudioError('media/damaged');
    const notices = [
      ...(durationSec < 0.2 || durationSec * frameRateHz < 1.5
        ? ['It is hardly longer than one picture: there is no movement to learn.']
        : []),
      ...(rotationDeg ? [`It is turned by ${rotationDeg}°, as phones do; it is shown and learnt upright.`] : []),
    ];
    return [
      {
        hash: await hashBlob(blob),
        blob,
        media: {
          kind: 'movement',
          source: 'video',
          startSec: 0,
          endSec: durationSec,
          durationSec,
          fileSec: durationSec,
          frameRateHz,
          width,
          height,
          codec,
        },
        picture: posterOf(poster),
        notice: notices.join(' ') || null,
        name: null,
        label: null,
      },
    ];
  } finally {
    video.close();
  }
}
