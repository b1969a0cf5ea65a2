/** How pictures become the input of a detector, as numbers. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';

/** Channels of the feature maps of SSD-MobileNetV1 at strides 8, 16 and 32 (EXPERIMENTS §2). */
export const SSD_CHANNELS = [192, 384, 768] as const;
/** Sides of the square a detector sees, in pixels. */
export const PICTURE_SIZES = [320, 480, 640] as const;
/** Pixels of a cell of the finest map. */
export const STRIDE = 8;
/**
 * Where in its cell a value of the finest map looks, 0..1: convolutions of stride 2 on even sides pad only after the picture (TensorFlow's `SAME`), so the
 * middle of what cell i sees is pixel 8 i + 7, and cell j of the maps at strides 16 and 32 looks where cells 2 j + 1 and 4 j + 3 of the finest one do.
 */
export const CELL_CENTRE = 0.94;
/** Part of a tile that its neighbour sees too. */
const TILE_OVERLAP = 0.25;
/** Versions of everything between a picture and its features: part of their key. */
const VERSIONS = { 'ssd-mobilenet': 'ssd-mobilenet-v1@1', pixels: 'pixels@1' };

/**
 * What a detector looks at: squares of `pixels` × `pixels`, the whole picture or `tiles` × `tiles` overlapping parts of it; as feature maps of the pretrained
 * network, or as they are.
 */
export type VisionInput = { kind: 'ssd-mobilenet' | 'pixels'; pixels: number; tiles: number };

/** Cells of the three maps along a side. */
export const gridSides = (pixels: number): [number, number, number] => [
  pixels / STRIDE,
  pixels / (2 * STRIDE),
  pixels / (4 * STRIDE),
];

/** Bytes of the features of one view. */
export const featureBytes = ({ kind, pixels }: Pick<VisionInput, 'kind' | 'pixels'>): number =>
  kind === 'pixels'
    ? 3 * pixels * pixels
    : gridSides(pixels).reduce((sum, side, i) => sum + side * side * SSD_CHANNELS[i]!, 0);

/** The parts of a picture a detector looks at, row by row. */
export function tileRegions(tiles: number): Rect[] {
  const side = 1 / (tiles - (tiles - 1) * TILE_OVERLAP);
  const step = side * (1 - TILE_OVERLAP);
  return Array.from({ length: tiles * tiles }, (_, i) => ({
    x: (i % tiles) * step,
    y: Math.floor(i / tiles) * step,
    width: side,
    height: side,
  }));
}

/** How copies of a picture are varied. */
export type ViewVariation = { mirror: boolean; crop: boolean; colour: boolean; rotate: boolean; seed: number };

/** Key of the cached features of one view. `copy` 0 is the picture as it is. */
export function viewExtractor(input: VisionInput, tile: number, copy: number, variation: ViewVariation | null): string {
  const base = `${VERSIONS[input.kind]} ${input.pixels} ${input.tiles}.${tile}`;
  if (copy === 0 || !variation) return base;
  const { mirror, crop, colour, rotate, seed } = variation;
  return `${base} copy ${copy} ${mirror ? 'm' : ''}${crop ? 'c' : ''}${colour ? 'h' : ''}${rotate ? 'r' : ''} ${seed}`;
}
