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
