/** AVIF files for tests in the browser: browsers read them and do not write them, but they encode AV1, which is what is inside. */

const text = (value: string) => [...value].map((char) => char.charCodeAt(0));
const u16 = (value: number) => [value >> 8, value & 255];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];
const box = (type: string, ...parts: number[][]) => {
  const body = parts.flat();
  return [...u32(body.length + 8), ...text(type), ...body];
};
/** A box that begins with its version and flags. */
const full = (type: string, version: number, ...parts: number[][]) => box(type, [version, 0, 0, 0], ...parts);

/** One picture as AVIF (AV1 Image File Format 1.1: one `av01` item whose data are an AV1 key frame, 8 bits, 4:2:0). */
export async function encodeAvif(canvas: OffscreenCanvas): Promise<Blob> {
  const { width, height } = canvas;
  const chunks: Uint8Array[] = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      chunks.push(bytes);
    },
    error: (error) => {
      throw error;
    },
  });
  encoder.configure({ codec: 'av01.0.04M.08', width, height, bitrate: 1_000_000 });
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  encoder.encode(frame, { keyFrame: true });
  await encoder.flush();
  frame.close();
  encoder.close();
  const data = [...chunks[0]!];
  const ftyp = box('ftyp', text('avif'), u32(0), text('avif'), text('mif1'), text('miaf'));
  const meta = (dataAt: number) =>
    full(
      'meta',
      0,
      full('hdlr', 0, u32(0), text('pict'), u32(0), u32(0), u32(0), [0]),
      full('pitm', 0, u16(1)),
      // Offsets and lengths of four bytes; one item of one extent.
      full('iloc', 0, [0x44, 0x00], u16(1), u16(1), u16(0), u16(1), u32(dataAt), u32(data.length)),
      full('iinf', 0, u16(1), full('infe', 2, u16(1), u16(0), text('av01'), [0])),
      box(
        'iprp',
        box(
          'ipco',
          full('ispe', 0, u32(width), u32(height)),
          full('pixi', 0, [3, 8, 8, 8]),
          box('av1C', [0x81, 0x04, 0x0c, 0x00]),
        ),
        full('ipma', 0, u32(1), u16(1), [3, 1, 2, 0x83]),
      ),
    );
  const before = ftyp.length + meta(0).length + 8;
  return new Blob([new Uint8Array([...ftyp, ...meta(before), ...box('mdat', data)])], { type: 'image/avif' });
}
