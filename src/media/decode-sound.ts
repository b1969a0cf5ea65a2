/**
 * Sound files to mono samples, as a stream: a file of hours is never wholly in memory. Worker thread (WebCodecs through
 * mediabunny; AudioContext does not exist there).
 */
import { ADTS, AudioSampleSink, BlobSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM } from 'mediabunny';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { SOUND_RATE_HZ } from './rate.ts';
import { Resampler } from './resample.ts';

const FORMATS = [MP4, QTFF, MATROSKA, WEBM, WAVE, OGG, FLAC, MP3, ADTS];

/** A sound file opened for reading. */
export type OpenSound = {
  codec: string;
  sampleRateHz: number;
  channelCount: number;
  /** Length the container claims; null when it says nothing. */
  claimedSec: number | null;
  /**
   * Mono samples (mean of the channels) at `sampleRateHz`, in order; each block is owned by the receiver.
   * @throws StudioError `media/damaged` where the data stop being readable; blocks before that are good.
   */
  blocks(signal?: AbortSignal): AsyncGenerator<Float32Array>;
  close(): void;
};

/**
 * Opens a sound (or the sound track of a video).
 * @throws StudioError `media/empty-file`, `media/not-audio`, `media/no-audio-track`, `media/codec-unsupported`.
 */
export async function openSound(blob: Blob): Promise<OpenSound> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    if (!(await input.canRead().catch(() => false))) throw new StudioError('media/not-audio');
    const track = await input.getPrimaryAudioTrack().catch((cause: unknown) => {
      throw new StudioError('media/damaged', { cause });
    });
    if (!track) throw new StudioError('media/no-audio-track');
    const codec = (await track.getCodec()) ?? 'unknown';
    if (!(await track.canDecode())) throw new StudioError('media/codec-unsupported', { details: { codec } });
    const claimedSec = await input.getDurationFromMetadata([track]).catch(() => null);
    return {
      codec,
      sampleRateHz: await track.getSampleRate(),
      channelCount: await track.getNumberOfChannels(),
      claimedSec,
      close: () => input.dispose(),
      async *blocks(signal) {
        const sink = new AudioSampleSink(track);
        const samples = sink.samples();
        try {
          for (;;) {
            throwIfAborted(signal);
            const step = await samples.next().catch((cause: unknown) => {
              throw new StudioError('media/damaged', { cause });
            });
            if (step.done) return;
            using sample = step.value;
            const mono = new Float32Array(sample.numberOfFrames);
            const channel = new Float32Array(sample.numberOfFrames);
            for (let plane = 0; plane < sample.numberOfChannels; plane++) {
              sample.copyTo(channel, { planeIndex: plane, format: 'f32-planar' });
              for (let i = 0; i < mono.length; i++) mono[i] = mono[i]! + channel[i]! / sample.numberOfChannels;
            }
            yield mono;
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

/**
 * How much longer a WAV file says it is than it is (its demuxer believes the file's length); 0 when it says nothing or the truth.
 */
async function riffClaimRatio(blob: Blob): Promise<number> {
  const head = new DataView(await blob.slice(0, 12).arrayBuffer());
  if (head.byteLength < 12 || head.getUint32(0) !== 0x52494646) return 0;
  const claimedBytes = head.getUint32(4, true) + 8;
  // Recorders that stream write the largest number, meaning unknown.
  return claimedBytes > blob.size && claimedBytes < 0xfffffff0 ? claimedBytes / blob.size : 0;
}

/**
 * The whole pipe: file → mono blocks at {@link SOUND_RATE_HZ}.
 * @param onNative also receives every block before resampling (for measuring levels). Borrowed.
 * @returns how many seconds were read, and whether reading ended at damage (`isCut`) with something kept.
 * @throws as {@link openSound}; `media/damaged` when nothing at all could be read; `media/zero-length` when it holds no samples.
 */
export async function readSound(
  blob: Blob,
  onBlock: (pcm: Float32Array) => void | Promise<void>,
  options: { signal?: AbortSignal | undefined; onNative?: (pcm: Float32Array, sampleRateHz: number) => void } = {},
): Promise<{ sound: Omit<OpenSound, 'blocks' | 'close'>; readSec: number; isCut: boolean }> {
  const sound = await openSound(blob);
  try {
    const resampler = new Resampler(sound.sampleRateHz, SOUND_RATE_HZ);
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
    const { codec, sampleRateHz, channelCount } = sound;
    const claimedSec = (await riffClaimRatio(blob)) * readSec || sound.claimedSec;
    const isShort = claimedSec !== null && claimedSec - readSec > Math.max(0.25, claimedSec * 0.05);
    return { sound: { codec, sampleRateHz, channelCount, claimedSec }, readSec, isCut: damage !== null || isShort };
  } finally {
    sound.close();
  }
}
