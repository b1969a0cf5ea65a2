/** Whole pictures as embeddings of a pretrained network: numbers and names. Any thread; pure. */
import { viewExtractor, SSD_CHANNELS, type ViewVariation, type VisionInput } from './spec.ts';

/** Networks on board that know pictures. */
export type PictureNetworkId = 'ssd-mobilenet' | 'mobilenet-v2';

/** Side of the square that is looked at. */
export const EMBEDDED_PIXELS = 224;

/** Values of an embedding: channels, each its mean over the picture. */
export const EMBEDDING_SIZE: Record<PictureNetworkId, number> = {
  'ssd-mobilenet': SSD_CHANNELS.reduce((sum, channels) => sum + channels, 0),
  'mobilenet-v2': 1280,
};

/** Blocks of MobileNetV2 that halve the map, and how many there are (Sandler et al. 2018, table 2). */
export const MOBILENET_HALVING = new Set([1, 3, 6, 13]);
/** How many there are. */
export const MOBILENET_BLOCKS = 16;

/** Whole pictures, as pixels of that side. */
export const wholePicture = (pixels: number): VisionInput => ({ kind: 'pixels', pixels, tiles: 1 });

/** Key of a cached embedding; `copy` 0 is the picture as it is. */
export const pictureExtractor = (network: PictureNetworkId, copy: number, variation: ViewVariation | null): string =>
  `${network}-embedding@1 ${viewExtractor(wholePicture(EMBEDDED_PIXELS), 0, copy, variation)}`;
