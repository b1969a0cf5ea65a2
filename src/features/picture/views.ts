/** Views of pictures: a part of it, maybe mirrored, turned and coloured, as the square a network sees; boxes follow. Any thread; drawing needs a worker. */
import type { Rect } from '../../domain/boxes.ts';
import { createRandom } from '../../kernel/random.ts';
import { tileRegions, type ViewVariation, type VisionInput } from './spec.ts';

/** Which part of a picture, and how it is changed. `region` in ratios of the picture, may reach beyond it; `angle` in radians. */
export type View = {
  region: Rect;
  mirror: boolean;
  angle: number;
  colour: { brightness: number; contrast: number; saturation: number; tint: [number, number, number] } | null;
};

/** Grey around a picture, the mean of ordinary ones. */
const AROUND = 'rgb(114,114,114)';
/** Part of a box that must be seen for it to count in a view. */
const LEAST_SEEN = 0.4;

/** The view of a part of a picture as it is. */
export const plainView = (region: Rect): View => ({ region, mirror: false, angle: 0, colour: null });

/** The view a copy of a picture shows; the same for the same picture, tile and copy. */
export function viewOf(
  hash: string,
  input: VisionInput,
  tile: number,
  copy: number,
  variation: ViewVariation | null,
): View {
  const region = tileRegions(input.tiles)[tile]!;
  if (copy === 0 || !variation) return plainView(region);
  const random = createRandom(variation.seed, 'view', hash, tile, copy);
  const spread = () => 2 * random.next() - 1;
  const mirror = variation.mirror && random.next() < 0.5 !== (copy % 2 === 1);
  let view = region;
  if (variation.crop) {
    const zoom = Math.exp(spread() * 0.35);
    const stretch = Math.exp(spread() * 0.12);
    const width = region.width * zoom * stretch;
    const height = (region.height * zoom) / stretch;
    // A smaller part moves inside the picture, a larger one shows some of what is around it.
    view = {
      width,
      height,
      x: region.x + (region.width - width) * random.next(),
      y: region.y + (region.height - height) * random.next(),
    };
  }
  return {
    region: view,
    mirror,
    angle: variation.rotate ? spread() * 0.12 : 0,
    colour: variation.colour
      ? {
          brightness: spread() * 28,
          contrast: 1 + spread() * 0.25,
          saturation: 1 + spread() * 0.35,
          tint: [1 + spread() * 0.06, 1 + spread() * 0.06, 1 + spread() * 0.06],
        }
      : null,
  };
}

/**
 * Boxes of a picture as a view shows them, in ratios of the view.
 * @param aspect width / height of the picture. @returns boxes of which enough is seen, clipped to the view; `index` into `boxes`.
 */
export function boxesInView(boxes: readonly Rect[], view: View, aspect: number): (Rect & { index: number })[] {
  const { region } = view;
  const [cos, sin] = [Math.cos(view.angle), Math.sin(view.angle)];
  const found: (Rect & { index: number })[] = [];
  boxes.forEach((box, index) => {
    const dx = (box.x + box.width / 2 - region.x - region.width / 2) * aspect;
    const dy = box.y + box.height / 2 - region.y - region.height / 2;
    const halfX = (box.width / 2) * aspect;
    const halfY = box.height / 2;
    // Extent of the ellipse in the box: corners of a turned box are mostly background.
    const width = (2 * Math.hypot(halfX * cos, halfY * sin)) / (region.width * aspect);
    const height = (2 * Math.hypot(halfX * sin, halfY * cos)) / region.height;
    let x = (dx * cos - dy * sin) / (region.width * aspect) + 0.5;
    const y = (dx * sin + dy * cos) / region.height + 0.5;
    if (view.mirror) x = 1 - x;
    const left = Math.max(0, x - width / 2);
    const top = Math.max(0, y - height / 2);
    const seenWidth = Math.min(1, x + width / 2) - left;
    const seenHeight = Math.min(1, y + height / 2) - top;
    if (seenWidth <= 0 || seenHeight <= 0 || seenWidth * seenHeight < LEAST_SEEN * width * height) return;
    found.push({ x: left, y: top, width: seenWidth, height: seenHeight, index });
  });
  return found;
}

/** A rectangle of a plain view, in ratios of the picture. */
export const fromView = (rect: Rect, region: Rect): Rect => ({
  x: region.x + rect.x * region.width,
  y: region.y + rect.y * region.height,
  width: rect.width * region.width,
  height: rect.height * region.height,
});

/** Draws views into squares of `pixels` × `pixels`. Keeps one canvas. */
export class ViewPainter {
  readonly pixels: number;
  readonly #context: OffscreenCanvasRenderingContext2D;

  constructor(pixels: number) {
    this.pixels = pixels;
    this.#context = new OffscreenCanvas(pixels, pixels).getContext('2d', { willReadFrequently: true })!;
  }

  /** @param picture borrowed. @returns shape [pixels, pixels, 3], RGB. */
  paint(picture: ImageBitmap | OffscreenCanvas, view: View): Uint8Array<ArrayBuffer> {
    const { pixels } = this;
    const context = this.#context;
    const { region } = view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = AROUND;
    context.fillRect(0, 0, pixels, pixels);
    context.imageSmoothingQuality = 'medium';
    context.translate(pixels / 2, pixels / 2);
    if (view.mirror) context.scale(-1, 1);
    context.scale(pixels / (region.width * picture.width), pixels / (region.height * picture.height));
    context.rotate(view.angle);
    context.translate(-(region.x + region.width / 2) * picture.width, -(region.y + region.height / 2) * picture.height);
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, pixels, pixels);
    const rgb = new Uint8Array(pixels * pixels * 3);
    if (!view.colour) {
      for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
        rgb[to] = data[from]!;
        rgb[to + 1] = data[from + 1]!;
        rgb[to + 2] = data[from + 2]!;
      }
      return rgb;
    }
    const { brightness, contrast, saturation, tint } = view.colour;
    const clamp = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value);
    for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
      const grey = 0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!;
      const level = (grey - 114) * contrast + 114 + brightness;
      for (let c = 0; c < 3; c++)
        rgb[to + c] = clamp((level + (data[from + c]! - grey) * saturation * contrast) * tint[c]!);
    }
    return rgb;
  }
}
