/**
 * Sound files to mono samples, as a stream: a file of hours is never wholly in memory. Worker thread (WebCodecs through
 * mediabunny; AudioContext does not exist there).
 */
import { ADTS, AudioSampleSink, BlobSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM } from 'mediabunny';
import type { Stretch } from '../domain/stretch.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { joinBlocks } from './blocks.ts';
import { foreignTrack, mendSound } from './mend-sound.ts';
import { SOUND_RATE_HZ } from './rate.ts';
import { Resampler } from './resample.ts';
import { encodeWav } from './wav.ts';

const FORMATS = [MP4, QTFF, MATROSKA, WEBM, WAVE, OGG, FLAC, MP3, ADTS];

/** Rates of real recordings, from telephones to bats; others are mistakes that would take hours to resample. */
const LEAST_RATE_HZ = 1000;
const MOST_RATE_HZ = 768_000;
/** Two channels whose mean is quieter than this share of their power are opposite. */
const OPPOSITE = 0.01;

/**
 * WebKit says that it decodes what then fails, never ends, or ends the tab (WebKitGTK 2.50 on GStreamer 1.22; Safari before 26 has no decoder for sounds at all):
 * there only plain samples are read here, and the page's own decoder takes the rest (page-decoder.ts).
 */
const isWebkit = /AppleWebKit/.test(globalThis.navigator?.userAgent ?? '') && !/Chrom(e|ium)/.test(navigator.userAgent);
const isUntold = (codec: string): boolean => isWebkit && !/^(pcm|ulaw|alaw)/.test(codec);

/** A sound file opened for reading. */
export type OpenSound = {
  codec: string;
  sampleRateHz: number;
  channelCount: number;
  /** Length the container claims; null when it says nothing. */
  claimedSec: number | null;
  /** What was odd in the blocks read so far: samples that are no numbers (they are silence), and blocks with opposite channels (the first is taken). */
  odd: { samples: number; isOpposite: boolean };
  /**
   * Mono samples (mean of the channels) at `sampleRateHz`, in order; each block is owned by the receiver.
   * @param stretch reads that alone; what lies before it is passed over, not decoded.
   * @throws StudioError `media/damaged` where the data stop being readable; blocks before that are good.
   */
  blocks(signal?: AbortSignal, stretch?: Stretch): AsyncGenerator<Float32Array>;
  close(): void;
};

/**
 * Opens a sound (or the sound track of a video), also one whose header says less or other than the truth (mend-sound.ts).
 * @throws StudioError `media/empty-file`, `media/not-audio`, `media/no-audio-track`, `media/codec-unsupported`, `media/damaged`.
 */
export async function openSound(blob: Blob): Promise<OpenSound> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  const [first, ...links] = await mendSound(blob);
  const sound = await openOne(first!);
  if (links.length === 0) return sound;
  async function* whole(signal?: AbortSignal): AsyncGenerator<Float32Array> {
    yield* sound.blocks(signal);
    for (const link of links) {
      const next = await openOne(link);
      try {
        if (next.sampleRateHz !== sound.sampleRateHz) throw new StudioError('media/damaged');
        yield* next.blocks(signal);
        sound.odd.samples += next.odd.samples;
      } finally {
        next.close();
      }
    }
  }
  return {
    ...sound,
    // Every link says only its own length.
    claimedSec: null,
    // Nor does it know where it lies in the whole: what comes before a stretch is decoded too.
    blocks: (signal, stretch) => (stretch ? cutBlocks(whole(signal), stretch, sound.sampleRateHz) : whole(signal)),
  };
}

/** Of blocks that follow each other the part inside a stretch. */
async function* cutBlocks(
  blocks: AsyncGenerator<Float32Array>,
  { startSec, endSec }: Stretch,
  sampleRateHz: number,
): AsyncGenerator<Float32Array> {
  const [first, last] = [Math.round(startSec * sampleRateHz), Math.round(endSec * sampleRateHz)];
  let at = 0;
  for await (const block of blocks) {
    const own = block.subarray(Math.max(0, first - at), Math.max(0, last - at));
    at += block.length;
    if (own.length > 0) yield own;
    if (at >= last) return;
  }
}

async function openOne(blob: Blob): Promise<OpenSound> {
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    if (!(await input.canRead().catch(() => false))) throw new StudioError('media/not-audio');
    const track = await input.getPrimaryAudioTrack().catch((cause: unknown) => {
      throw new StudioError('media/damaged', { cause });
    });
    if (!track) throw new StudioError('media/no-audio-track');
    const codec = (await track.getCodec()) ?? 'unknown';
    if (isUntold(codec) || !(await track.canDecode())) {
      const named = await foreignTrack(blob);
      const message = named ? { message: `The sound is ${named}, which this browser cannot decode.` } : {};
      throw new StudioError('media/codec-unsupported', { ...message, details: { codec } });
    }
    const sampleRateHz = await track.getSampleRate();
    if (!(sampleRateHz >= LEAST_RATE_HZ && sampleRateHz <= MOST_RATE_HZ))
      throw new StudioError('media/damaged', {
        message: `The file claims ${sampleRateHz.toLocaleString('en')} samples a second, which no recording has.`,
      });
    const claimedSec = await input.getDurationFromMetadata([track]).catch(() => null);
    const odd = { samples: 0, isOpposite: false };
    return {
      codec,
      sampleRateHz,
      channelCount: await track.getNumberOfChannels(),
      claimedSec,
      odd,
      close: () => input.dispose(),
      async *blocks(signal, stretch) {
        const sink = new AudioSampleSink(track);
        const samples = stretch ? sink.samples(stretch.startSec, stretch.endSec) : sink.samples();
        try {
          for (;;) {
            throwIfAborted(signal);
            const step = await samples.next().catch((cause: unknown) => {
              throw new StudioError('media/damaged', { cause });
            });
            if (step.done) return;
            using sample = step.value;
            const planes = Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
              const plane = new Float32Array(sample.numberOfFrames);
              sample.copyTo(plane, { planeIndex, format: 'f32-planar' });
              return plane;
            });
            const mono = mixDown(planes, odd);
            if (!stretch) {
              yield mono;
              continue;
            }
            const indexOf = (sec: number) => Math.max(0, Math.round((sec - sample.timestamp) * sampleRateHz));
            const own = mono.subarray(indexOf(stretch.startSec), indexOf(stretch.endSec));
            if (own.length > 0) yield own;
          }
        } finally {
          await samples.return(undefined);
        }
      },
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/** The mean of channels; of two that are opposite the first. Samples that are no numbers are silence; both are noted in `odd`. */
function mixDown(planes: readonly Float32Array[], odd: OpenSound['odd']): Float32Array {
  const mono = new Float32Array(planes[0]?.length ?? 0);
  let [power, mean] = [0, 0];
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (const plane of planes) {
      const value = plane[i]!;
      if (!Number.isFinite(value)) {
        odd.samples++;
        plane[i] = 0;
        continue;
      }
      sum += value;
      power += value * value;
    }
    mono[i] = sum / planes.length;
    mean += mono[i]! * mono[i]!;
  }
  // Rounding apart, silence has no power at all.
  if (planes.length !== 2 || power < 1e-6 * mono.length || mean > OPPOSITE * (power / 2)) return mono;
  odd.isOpposite = true;
  return planes[0]!;
}

/**
 * How much longer a WAV file says it is than it is (its demuxer believes the file's length); 0 when it says nothing or the truth.
 */
async function riffClaimRatio(blob: Blob): Promise<number> {
  const head = new DataView(await blob.slice(0, 12).arrayBuffer());
  if (head.byteLength < 12 || head.getUint32(0) !== 0x52494646) return 0;
  const claimedBytes = head.getUint32(4, true) + 8;
  // Recorders that stream write the largest numbers, meaning unknown.
  return claimedBytes > blob.size && claimedBytes < 0x7ff00000 ? claimedBytes / blob.size : 0;
}

/**
 * The whole pipe: file → mono blocks at `rateHz`, {@link SOUND_RATE_HZ} unless another is asked for.
 * @param onNative also receives every block before resampling (for measuring levels). Borrowed.
 * @returns how many seconds were read, and whether reading ended at damage (`isCut`) with something kept.
 * @throws as {@link openSound}; `media/damaged` when nothing at all could be read; `media/zero-length` when it holds no samples.
 */
export async function readSound(
  blob: Blob,
  onBlock: (pcm: Float32Array) => void | Promise<void>,
  options: {
    signal?: AbortSignal | undefined;
    rateHz?: number;
    onNative?: (pcm: Float32Array, sampleRateHz: number) => void;
  } = {},
): Promise<{ sound: Omit<OpenSound, 'blocks' | 'close'>; readSec: number; isCut: boolean }> {
  const sound = await openSound(blob);
  try {
    const resampler = new Resampler(sound.sampleRateHz, options.rateHz ?? SOUND_RATE_HZ);
    // Opus decoders do not trim the pre-skip of the container (DEPENDENCIES, audio decode).
    const mostSamples =
      sound.codec === 'opus' && sound.claimedSec ? Math.round(sound.claimedSec * sound.sampleRateHz) : Infinity;
    let sampleCount = 0;
    let damage: unknown = null;
    try {
      for await (const whole of sound.blocks(options.signal)) {
        const block = whole.subarray(0, Math.max(0, mostSamples - sampleCount));
        sampleCount += block.length;
        options.onNative?.(block, sound.sampleRateHz);
        await onBlock(resampler.push(block));
      }
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'media/damaged' || sampleCount === 0) throw error;
      damage = error;
    }
    if (sampleCount === 0) throw new StudioError('media/zero-length');
    await onBlock(resampler.flush());
    const readSec = sampleCount / sound.sampleRateHz;
    const { codec, sampleRateHz, channelCount, odd } = sound;
    const claimedSec = (await riffClaimRatio(blob)) * readSec || sound.claimedSec;
    const isShort = claimedSec !== null && claimedSec - readSec > Math.max(0.25, claimedSec * 0.05);
    return {
      sound: { codec, sampleRateHz, channelCount, claimedSec, odd },
      readSec,
      isCut: damage !== null || isShort,
    };
  } finally {
    sound.close();
  }
}

/** Takes blocks until they end, or until the data stop being readable after some were. @throws as {@link OpenSound.blocks} when nothing was. */
export async function readOn(blocks: AsyncGenerator<Float32Array>, take: (block: Float32Array) => void): Promise<void> {
  let count = 0;
  try {
    for await (const block of blocks) {
      take(block);
      count++;
    }
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== 'media/damaged' || count === 0) throw error;
  }
}

/** A stretch of a sound file as a WAV file of 16 bits, mono, at the rate of the file. @throws as {@link openSound}; `media/zero-length` when the file ends before it. */
export async function cutSound(blob: Blob, stretch: Stretch, signal?: AbortSignal): Promise<Blob> {
  const sound = await openSound(blob);
  try {
    const blocks: Float32Array[] = [];
    await readOn(sound.blocks(signal, stretch), (block) => blocks.push(block));
    const pcm = joinBlocks(blocks);
    if (pcm.length === 0) throw new StudioError('media/zero-length');
    return encodeWav(pcm, sound.sampleRateHz);
  } finally {
    sound.close();
  }
}
