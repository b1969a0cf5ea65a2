/**
 * Sound files as recorders and programs really write them, brought into a form a demuxer takes. Worker thread; nothing is decoded, content is sliced and not copied.
 * What browsers read by themselves must not be refused here.
 */
import { StudioError } from '../kernel/errors.ts';

const HEAD = 512 * 1024;
const textOf = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
const bytesOf = async (blob: Blob, from: number, to: number) =>
  new Uint8Array(await blob.slice(from, to).arrayBuffer());
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bit rates of MPEG audio in kbit/s by version and layer (ISO/IEC 11172-3 §2.4.2.3, 13818-3). */
const RATES = {
  '1-3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '1-2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Length in bytes of the MPEG audio frame at a place; 0 when there is none. */
function mpegFrame(bytes: Uint8Array, at: number): number {
  const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (a !== 0xff || b === undefined || c === undefined || (b & 0xe0) !== 0xe0) return 0;
  const version = (b >> 3) & 3;
  const layer = (b >> 1) & 3;
  const [rateAt, hzAt, padding] = [(c >> 4) - 1, (c >> 2) & 3, (c >> 1) & 1];
  if (version === 1 || (layer !== 1 && layer !== 2) || rateAt < 0 || rateAt > 13 || hzAt === 3) return 0;
  const isFirst = version === 3;
  const kbits = isFirst ? RATES[layer === 1 ? '1-3' : '1-2'][rateAt]! : RATES['2'][rateAt]!;
  const hz = [44100, 48000, 32000][hzAt]! / (isFirst ? 1 : version === 2 ? 2 : 4);
  return Math.floor(((layer === 1 && !isFirst ? 72 : 144) * kbits * 1000) / hz) + padding;
}

/** Where three frames follow each other; −1 when they do nowhere in these bytes. */
function findMpeg(bytes: Uint8Array): number {
  for (let at = 0; at + 4 < bytes.length; at++) {
    let next = at;
    let count = 0;
    while (count < 3) {
      const length = mpegFrame(bytes, next);
      if (length < 24) break;
      next += length;
      count++;
    }
    if (count === 3) return at;
  }
  return -1;
}

/** Bytes of an ID3v2 tag at the beginning; 0 without one (id3.org, ID3v2.4 §3.1). */
const id3Length = (head: Uint8Array): number =>
  textOf(head, 0, 3) === 'ID3' && head.length >= 10
    ? 10 + ((head[6]! & 0x7f) << 21) + ((head[7]! & 0x7f) << 14) + ((head[8]! & 0x7f) << 7) + (head[9]! & 0x7f)
    : 0;

const chunkHead = (name: string, size: number): Uint8Array<ArrayBuffer> => {
  const head = new Uint8Array(8);
  head.set([...name].map((letter) => letter.charCodeAt(0)));
  viewOf(head).setUint32(4, size, true);
  return head;
};

/** Codecs of WAV files that browsers do not decode, by their tag (RFC 2361). */
const WAV_CODECS: Record<number, string> = {
  0x02: 'ADPCM (Microsoft)',
  0x11: 'ADPCM (IMA)',
  0x31: 'GSM 6.10',
  0x14: 'G.723.1',
  0x20: 'ADPCM (Yamaha)',
  0x28f: 'G.722',
  0x42: 'G.723.1',
  0x45: 'G.726',
  0x64: 'G.726',
  0x65: 'G.722',
  0x83: 'G.729',
  0x50: 'MPEG layer 2',
  0x161: 'Windows Media Audio',
  0x162: 'Windows Media Audio',
  0x2000: 'Dolby Digital (AC-3)',
  0x5346: 'ADPCM (Flash)',
  0xff: 'AAC in WAV',
  0x1600: 'AAC in WAV',
  0x1602: 'AAC in WAV',
  0x566f: 'Vorbis in WAV',
  0x674f: 'Vorbis in WAV',
  0x6750: 'Vorbis in WAV',
  0x6751: 'Vorbis in WAV',
};
const FLAC_TAG = 0xf1ac;
const isMpegTag = (tag: number) => tag === 0x50 || tag === 0x55;
/** A demuxer knows these by itself: PCM, float, A-law, µ-law, extensible. */
const isPlainTag = (tag: number) => [0x01, 0x03, 0x06, 0x07, 0xfffe].includes(tag);

const isChunkName = (name: string) => /^[\x20-\x7e]{4}$/.test(name);

/** The chunks of a WAV file that matter, wherever they stand; a chunk of odd size may lack its pad byte, one of unknown size reaches to the end. */
async function readWav(
  blob: Blob,
): Promise<{ fmt: Uint8Array<ArrayBuffer>; from: number; to: number; isPlain: boolean } | null> {
  let fmt: Uint8Array<ArrayBuffer> | null = null;
  let data: { from: number; to: number } | null = null;
  let isPlain = true;
  const riff = viewOf(await bytesOf(blob, 4, 8)).getUint32(0, true) + 8;
  for (let at = 12, count = 0; at + 8 <= blob.size && count < 1000; count++) {
    const head = await bytesOf(blob, at, at + 8);
    let name = textOf(head, 0, 4);
    if (!isChunkName(name)) {
      // The pad byte is missing: the chunk begins one earlier.
      const before = await bytesOf(blob, at - 1, at + 7);
      if (!isChunkName(textOf(before, 0, 4))) break;
      isPlain = false;
      at--;
      name = textOf(before, 0, 4);
      head.set(before);
    }
    const size = viewOf(head).getUint32(4, true);
    const from = at + 8;
    if (name === 'fmt ' && size >= 16 && size < 4096) {
      fmt = await bytesOf(blob, from, from + size);
      if (data) isPlain = false;
    }
    if (name === 'data') {
      // Recorders that stream or lost power write 0 or the largest numbers: it reaches to the end.
      const isUnknown = size >= 0x7ff00000 || (size === 0 && from < blob.size);
      if (isUnknown && size !== 0xffffffff) isPlain = false;
      data = { from, to: isUnknown ? blob.size : Math.min(blob.size, from + size) };
      if (isUnknown || fmt) break;
    }
    at = from + size + (size % 2);
  }
  // The file's own length is that of its head, nothing, or of another file: demuxers believe it.
  if (riff !== blob.size && riff - 8 !== 0xffffffff) isPlain = false;
  return fmt && data ? { fmt, ...data, isPlain } : null;
}

async function mendWav(blob: Blob): Promise<Blob> {
  if (blob.size < 20) return blob;
  const wav = await readWav(blob);
  if (!wav) return blob;
  const { fmt, from, to, isPlain } = wav;
  const tag = viewOf(fmt).getUint16(0, true);
  if (isMpegTag(tag)) return blob.slice(from, to, 'audio/mpeg');
  if (tag === FLAC_TAG) return blob.slice(from, to, 'audio/flac');
  const codec = WAV_CODECS[tag];
  if (codec) throw unsupported(codec);
  if (!isPlainTag(tag)) throw unsupported(`a kind of WAV with the number 0x${tag.toString(16)}`);
  if (isPlain) return blob;
  const size = to - from;
  const wave = new Uint8Array([...'WAVE'].map((letter) => letter.charCodeAt(0)));
  const parts = [chunkHead('RIFF', 4 + 8 + fmt.length + 8 + size), wave, chunkHead('fmt ', fmt.length), fmt];
  return new Blob([...parts, chunkHead('data', size), blob.slice(from, to)], { type: 'audio/wav' });
}

/** One page of an Ogg file (RFC 3533 §6). */
type Page = { at: number; flags: number; serial: number; lacing: Uint8Array; dataAt: number; end: number };

/** Pages in order; stops where there is none. */
async function* readPages(blob: Blob): AsyncGenerator<Page> {
  const BLOCK = 1 << 20;
  let [from, block] = [0, await bytesOf(blob, 0, BLOCK)];
  for (let at = 0; at + 27 <= blob.size;) {
    if (at + 27 + 255 > from + block.length && from + block.length < blob.size)
      [from, block] = [at, await bytesOf(blob, at, at + BLOCK)];
    const local = at - from;
    if (textOf(block, local, local + 4) !== 'OggS') return;
    const count = block[local + 26]!;
    const lacing = block.slice(local + 27, local + 27 + count);
    const dataAt = at + 27 + count;
    const end = dataAt + lacing.reduce((sum, length) => sum + length, 0);
    yield { at, flags: block[local + 5]!, serial: viewOf(block).getUint32(local + 14, true), lacing, dataAt, end };
    at = end;
  }
}

/** FLAC in Ogg as a FLAC file: its packets are the frames (xiph.org, Ogg FLAC mapping 1.0). */
async function unwrapFlac(blob: Blob): Promise<Blob> {
  const pieces: Blob[] = [];
  let isFirst = true;
  let serial: number | null = null;
  for await (const page of readPages(blob)) {
    serial ??= page.serial;
    if (page.serial !== serial) continue;
    // In front of the signature stand 0x7F, "FLAC", the version and the count of headers.
    pieces.push(blob.slice(page.dataAt + (isFirst ? 9 : 0), page.end));
    isFirst = false;
  }
  return new Blob(pieces, { type: 'audio/flac' });
}

/** The links of a chained Ogg file, each a file of its own. */
async function mendOgg(blob: Blob): Promise<Blob[]> {
  const starts: number[] = [];
  let isInHead = false;
  for await (const { at, flags } of readPages(blob)) {
    const isStart = (flags & 2) !== 0;
    if (isStart && !isInHead) starts.push(at);
    isInHead = isStart;
  }
  const head = textOf(await bytesOf(blob, 0, 200), 0, 200);
  if (head.includes('Speex   ')) throw unsupported('Speex');
  const links =
    starts.length < 2 ? [blob] : starts.map((from, i) => blob.slice(from, starts[i + 1] ?? blob.size, blob.type));
  return head.includes('\x7fFLAC') ? Promise.all(links.map(unwrapFlac)) : links;
}

const unsupported = (codec: string) =>
  new StudioError('media/codec-unsupported', {
    message: `The sound is ${codec}, which this browser cannot decode.`,
    details: { codec },
  });

/** What a file of another kind is called; null when it is unknown. */
function foreignSound(head: Uint8Array): string | null {
  const text = textOf(head, 0, Math.min(head.length, 64));
  if (/^#!AMR/.test(text)) return 'AMR, a telephone format';
  if (/^FORM....AIF[FC]/s.test(text)) return 'AIFF';
  if (text.startsWith('caff')) return 'CAF';
  if (head[0] === 0x30 && head[1] === 0x26 && head[2] === 0xb2 && head[3] === 0x75) return 'Windows Media';
  if (head[0] === 0x0b && head[1] === 0x77) return 'AC-3';
  if (text.startsWith('.snd')) return 'Sun audio (.au)';
  if (text.startsWith('MThd')) return 'MIDI: notes, no sound';
  if (text.startsWith('riff.\x91\xcf')) return 'Wave64';
  if (text.startsWith('MAC ')) return 'Monkey’s Audio';
  if (text.startsWith('wvpk')) return 'WavPack';
  if (text.startsWith('TTA1')) return 'True Audio (TTA)';
  if (/^MP\+|^MPCK/.test(text)) return 'Musepack';
  if (text.startsWith('.RMF') || text.startsWith('.ra\xfd')) return 'RealAudio';
  if (text.startsWith('Creative Voice File')) return 'Creative Voice (.voc)';
  if (text.startsWith('DSD ')) return 'DSD';
  if (/^\x7f\xfe\x80\x01/.test(text)) return 'DTS';
  if (/^RIFF....AVI /s.test(text)) return 'AVI, a video of older Windows';
  if (text[0] === 'G' && head[188] === 0x47 && head[376] === 0x47) return 'MPEG transport stream';
  return null;
}

/** Codec of an MP4 sound track that browsers do not decode; null for others. */
export async function foreignTrack(blob: Blob): Promise<string | null> {
  const ends = [await bytesOf(blob, 0, HEAD), await bytesOf(blob, Math.max(0, blob.size - HEAD), blob.size)];
  const text = ends.map((bytes) => new TextDecoder('latin1').decode(bytes)).join('');
  if (/stsd.{0,40}alac/s.test(text)) return 'ALAC (Apple Lossless)';
  if (/stsd.{0,40}(samr|sawb)/s.test(text)) return 'AMR, a telephone format';
  return /stsd.{0,40}(ac-3|ec-3)/s.test(text) ? 'Dolby Digital' : null;
}

/**
 * The file, or files one after the other, that hold the same sound in a form a demuxer takes.
 * @throws StudioError `media/codec-unsupported` naming the codec of what no browser decodes.
 */
export async function mendSound(blob: Blob): Promise<Blob[]> {
  const head = await bytesOf(blob, 0, HEAD);
  const signature = textOf(head, 0, 4);
  if (signature === 'RIFF' && textOf(head, 8, 12) === 'WAVE') return [await mendWav(blob)];
  if (signature === 'OggS') return mendOgg(blob);
  const tag = id3Length(head);
  if (tag > 0) {
    const behind = await bytesOf(blob, tag, tag + 12);
    if (textOf(behind, 0, 4) === 'RIFF') return [await mendWav(blob.slice(tag, blob.size, 'audio/wav'))];
    return [blob];
  }
  const foreign = foreignSound(head);
  if (foreign) throw unsupported(foreign);
  // Zeros or bytes of something else in front of an MP3 file.
  const isKnown =
    /^(ftyp|moov|mdat|wide|free|skip)$/.test(textOf(head, 4, 8)) ||
    /^(fLaC|RF64|PK|\x89PNG|GIF8|\xff\xd8|\x1a\x45|%PDF)/.test(signature) ||
    (head[0] === 0xff && (head[1]! & 0xe0) === 0xe0);
  const start = isKnown || /^[\s\ufeff]*[<{[]/.test(signature) ? -1 : findMpeg(head);
  return start > 0 ? [blob.slice(start, blob.size, 'audio/mpeg')] : [blob];
}
