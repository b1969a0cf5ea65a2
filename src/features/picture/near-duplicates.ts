/** Whether two pictures show the same scene. Any thread; pure. */

/** Mean brightness of the 16 × 12 parts of a picture. */
export function thumbprint(data: Uint8ClampedArray, width: number, height: number): Float32Array {
  const print = new Float32Array(16 * 12);
  const counts = new Float32Array(print.length);
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      const at = 4 * (y * width + x);
      const cell = Math.floor((y * 12) / height) * 16 + Math.floor((x * 16) / width);
      print[cell] = print[cell]! + 0.3 * data[at]! + 0.59 * data[at + 1]! + 0.11 * data[at + 2]!;
      counts[cell] = counts[cell]! + 1;
    }
  return print.map((sum, i) => sum / Math.max(1, counts[i]!));
}

/** Mean difference in brightness, 0..255, under which two pictures count as the same. */
const NEAR_DUPLICATE = 3;

/** Whether two prints are of the same scene with nothing moved. */
export const isNearDuplicate = (a: Float32Array, b: Float32Array): boolean =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length < NEAR_DUPLICATE;
