/** Colours of the theme for canvases. Main thread. */

/** What a custom property (`--c1`) is as a colour now, as a canvas takes it: `light-dark()` and other names resolved. */
export function themeColor(name: `--${string}`): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** The same, opaque, as a little-endian RGBA word for `ImageData`. */
export function themeWord(name: `--${string}`): number {
  const [red = 0, green = 0, blue = 0] = (themeColor(name).match(/\d+/g) ?? []).map(Number);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
