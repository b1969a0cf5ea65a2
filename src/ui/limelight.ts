/** Limelight, the colour map of spectrograms (DESIGN §2): eight OKLCH stops per theme, monotone in lightness. Any thread; pure. */

type Stop = readonly [lightness: number, chroma: number, hueDeg: number];

const NIGHT: readonly Stop[] = [
  [0.19, 0.018, 235],
  [0.3, 0.055, 238],
  [0.42, 0.085, 225],
  [0.54, 0.09, 198],
  [0.66, 0.1, 150],
  [0.77, 0.13, 102],
  [0.87, 0.14, 88],
  [0.97, 0.06, 95],
];
const PAPER: readonly Stop[] = [
  [0.985, 0.008, 95],
  [0.93, 0.05, 92],
  [0.85, 0.11, 86],
  [0.73, 0.115, 78],
  [0.6, 0.09, 140],
  [0.47, 0.085, 205],
  [0.34, 0.075, 240],
  [0.21, 0.04, 245],
];

/** OKLCH to 8-bit sRGB, clamped. @see B. Ottosson, A perceptual color space for image processing (2020) */
function toRgb([lightness, chroma, hueDeg]: Stop): [number, number, number] {
  const a = chroma * Math.cos((hueDeg * Math.PI) / 180);
  const b = chroma * Math.sin((hueDeg * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) => {
    const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * Math.max(0, value) ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.max(0, Math.min(1, encoded)));
  }) as [number, number, number];
}

const tables = new Map<boolean, Uint32Array>();

/** 256 colours as little-endian RGBA words, for ImageData. */
export function limelight(isDark: boolean): Uint32Array {
  const known = tables.get(isDark);
  if (known) return known;
  const stops = isDark ? NIGHT : PAPER;
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const t = at - low;
    const mix = stops[low]!.map((value, k) => value + (stops[low + 1]![k]! - value) * t) as unknown as Stop;
    const [r, g, b] = toRgb(mix);
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  tables.set(isDark, table);
  return table;
}
