/** The picture on the sound card: a small spectrogram of made-up sounds. Any thread; pure. */

/** @returns shape [columns, 64], 0..255. */
export function artSpectrogram(columns: number): Uint8Array {
  const out = new Uint8Array(columns * 64);
  for (let x = 0; x < columns; x++) {
    for (let band = 0; band < 64; band++) {
      const hiss = 18 + 10 * Math.sin(x * 12.9898 + band * 78.233) ** 2;
      const knock = Math.exp(-((x % 37) / 5)) * 190 * Math.exp(-(((band - 14) / 18) ** 2));
      const tone = Math.exp(-(((band - 38 - 9 * Math.sin(x / 13)) / 2.2) ** 2)) * (x % 120 > 62 ? 200 : 0);
      const hum = Math.exp(-(((band - 8) / 2) ** 2)) * 110;
      out[x * 64 + band] = Math.min(255, hiss + knock + tone + hum);
    }
  }
  return out;
}
