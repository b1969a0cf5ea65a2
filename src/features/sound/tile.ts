/** Tiles of the picture of a long sound. Any thread. */

/** Columns of a tile. */
export const TILE_COLUMNS = 256;

/** A picture of a stretch: largest magnitude, shape [columns], and log-mel, shape [columns, 64], from silence (0) to loud (255); columns after the end of the file are 0. */
export type SoundTile = { peaks: Uint8Array<ArrayBuffer>; spectrogram: Uint8Array<ArrayBuffer> };
