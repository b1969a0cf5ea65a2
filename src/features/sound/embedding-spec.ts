/** The numbers of the pretrained networks' inputs and outputs, and the names their cached features go by. Any thread; pure. */
import { SOUND_RATE_HZ } from '../../media/rate.ts';
import { hashText } from '../../kernel/random.ts';
import type { EmbeddingNetworkId } from '../networks/manifest.ts';

/** Numbers of the speech embedding: mel frames of 512 samples every 160, windows of 76 frames every 8 (DATA.md). */
export const SPEECH = {
  fftSize: 512,
  hopSamples: 160,
  bandCount: 32,
  windowFrames: 76,
  hopFrames: 8,
  width: 96,
} as const;
/** Numbers of mn04's front end: Kaldi's mel bands of a spectrogram at 32 kHz (EfficientAT), and the width of what is taken from the network. */
export const MN04 = {
  rateHz: 32_000,
  fftSize: 1024,
  windowSamples: 800,
  hopSamples: 320,
  bandCount: 128,
  highHz: 15_000,
  emphasis: 0.97,
  width: 2528,
} as const;
/** Version of the extractors, part of the cache key; raise it when any value of an embedding changes. */
const VERSION = 1;
const YAMNET_SAMPLES = 15_600;
/** The network halves its spectrogram five times. */
const MN04_LEAST_FRAMES = 32;

/** Samples a second that a network hears. */
export const rateOfNetwork = (id: EmbeddingNetworkId): number => (id === 'mn04' ? MN04.rateHz : SOUND_RATE_HZ);

/** Window and embedding of a network. YAMNet's window is fixed; mn04's is whole steps of 10 ms, the speech embedding's as many steps of 80 ms as fit into `windowSec`. */
export function embeddingWindow(id: EmbeddingNetworkId, windowSec: number): { windowSamples: number; shape: number[] } {
  if (id === 'yamnet') return { windowSamples: YAMNET_SAMPLES, shape: [1024] };
  if (id === 'mn04') {
    const frames = Math.max(MN04_LEAST_FRAMES, Math.round((windowSec * MN04.rateHz) / MN04.hopSamples));
    return { windowSamples: frames * MN04.hopSamples, shape: [MN04.width] };
  }
  const frames = Math.floor((windowSec * SOUND_RATE_HZ - SPEECH.fftSize) / SPEECH.hopSamples) + 1;
  const steps = Math.max(1, Math.floor((frames - SPEECH.windowFrames) / SPEECH.hopFrames) + 1);
  const used = SPEECH.windowFrames + (steps - 1) * SPEECH.hopFrames;
  return { windowSamples: (used - 1) * SPEECH.hopSamples + SPEECH.fftSize, shape: [steps, SPEECH.width] };
}

/** What a cut is made with: window, hop, in samples at the network's rate. */
export type EmbeddingCut = { network: EmbeddingNetworkId; windowSamples: number; hopSamples: number; shape: number[] };

/** The cut of a run's settings. */
export function embeddingCut(id: EmbeddingNetworkId, windowSec: number, overlapRatio: number): EmbeddingCut {
  const window = embeddingWindow(id, windowSec);
  return { network: id, ...window, hopSamples: Math.max(160, Math.round(window.windowSamples * (1 - overlapRatio))) };
}

/** How training clips are varied before their features are computed: the same for the same seed. */
export type CopySettings = {
  count: number;
  seed: number;
  isShifted: boolean;
  isGained: boolean;
  /** Content hashes of the sounds mixed in behind. */
  background: string[];
};

/** Cache key of a clip's embeddings; `copy` 0 is the clip as it is. */
export function embeddingExtractor(cut: EmbeddingCut, copy = 0, copies: CopySettings | null = null): string {
  const base = `${cut.network}@${VERSION}/${cut.windowSamples}/${cut.hopSamples}`;
  if (copy === 0 || !copies) return base;
  const { seed, isShifted, isGained, background } = copies;
  const mixed = background.length ? `b${hashText(background.join()).toString(36)}` : '';
  return `${base}/copy-${copy}-${seed}${isShifted ? 's' : ''}${isGained ? 'g' : ''}${mixed}`;
}
