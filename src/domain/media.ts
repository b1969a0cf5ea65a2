/** What is known of the files of examples after one look at them. Any thread; plain records that survive structured clone. */

/** What is known of a sound file after one look at all of it. Levels in dB relative to full scale. */
export type SoundInfo = {
  durationSec: number;
  sampleRateHz: number;
  channelCount: number;
  codec: string;
  peakDb: number;
  rmsDb: number;
  /** Share of samples at full scale in runs of at least 3, 0..1. */
  clippedRatio: number;
  /** Where it lies in its file, when it is a stretch of a longer one (domain/stretch.ts). */
  stretch?: { startSec: number; endSec: number; fileSec: number };
};

/** What is known of a clip of movement: a stretch of a video, or a landmark sequence. Times in seconds of its file. */
export type MovementInfo = {
  source: 'video' | 'landmarks';
  startSec: number;
  endSec: number;
  durationSec: number;
  /** Length of the whole file. */
  fileSec: number;
  frameRateHz: number;
  /** Size of the picture as shown, in pixels. */
  width: number;
  height: number;
  codec: string;
  /** Joints of a landmark sequence; those of a video come from the pose network. */
  joints?: string[];
};

/** What is known of a picture, upright, in pixels. `orientation` of the stored one, 2..8 (EXIF), where it is turned or mirrored. */
export type PictureInfo = { width: number; height: number; orientation?: number };

/** Small pictures of an example: of a sound, or `poster`, a JPEG or PNG file of a video, a movement or a picture. */
export type SmallPicture = {
  /** Largest magnitude per column, 0..255, at most 240 columns; empty when there is a poster. */
  peaks: Uint8Array;
  /** Shape [columns, 64]: log-mel from silence (0) to loud (255), at most 128 columns; empty when there is a poster. */
  spectrogram: Uint8Array;
  poster?: Uint8Array;
};

/** A small picture that is nothing but a file. */
export const posterOf = (poster: Uint8Array): SmallPicture => ({
  peaks: new Uint8Array(0),
  spectrogram: new Uint8Array(0),
  poster,
});
