/** The picture of a recording, in tiles that are read while they are looked at: one at a time, the newest wish first. Main thread. */
import { TILE_COLUMNS, type SoundTile } from '../../../features/index.ts';
import { steepest, tilesOf, type EdgeNear, type View } from '../../segments/timeline.ts';

/** Tiles kept: about 5 MB. */
const MOST_TILES = 256;
const BANDS = 64;

/** Reads one. @throws an AbortError when it is not wanted any more. */
export type ReadTile = (hash: string, startSec: number, columnSec: number, signal: AbortSignal) => Promise<SoundTile>;

type Wanted = { columnSec: number; startSec: number };
/** One column of the view: where it is drawn from. */
export type Column = { tile: SoundTile; column: number } | null;

/** See the file header. */
export class SoundTiles implements Disposable {
  readonly #read: ReadTile;
  readonly #onError: (error: unknown) => void;
  readonly #tiles = new Map<string, SoundTile>();
  #hash = '';
  #wanted: Wanted[] = [];
  #isReading = false;
  #hasFailed = false;
  #stop = new AbortController();
  /** Raised when there is more to draw. */
  #version = $state(0);
  #isWaiting = $state(false);

  constructor(read: ReadTile, onError: (error: unknown) => void) {
    this.#read = read;
    this.#onError = onError;
  }

  get version(): number {
    return this.#version;
  }

  /** Whether something of what is looked at is still read. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  #key({ columnSec, startSec }: Wanted): string {
    return `${columnSec} ${startSec}`;
  }

  /** Asks for what a view of a recording shows. What was asked for before and is not looked at any more is not read. */
  want(hash: string, view: View, widthPx: number): void {
    if (hash !== this.#hash) {
      this[Symbol.dispose]();
      this.#stop = new AbortController();
      this.#hash = hash;
      this.#hasFailed = false;
    }
    this.#wanted = tilesOf(view, widthPx, TILE_COLUMNS).filter((tile) => !this.#tiles.has(this.#key(tile)));
    this.#isWaiting = this.#wanted.length > 0;
    if (!this.#isReading) void this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    const hash = this.#hash;
    const { signal } = this.#stop;
    try {
      for (let next = this.#wanted.shift(); next; next = this.#wanted.shift()) {
        const tile = await this.#readOne(hash, next, signal);
        // What is wanted now is of another recording.
        if (hash !== this.#hash) break;
        this.#tiles.set(this.#key(next), tile);
        const oldest = this.#tiles.keys().next().value;
        if (this.#tiles.size > MOST_TILES && oldest !== undefined) this.#tiles.delete(oldest);
        this.#version++;
      }
    } finally {
      this.#isReading = false;
      this.#isWaiting = this.#wanted.length > 0;
      if (this.#wanted.length > 0 && hash !== this.#hash) void this.#readAll();
    }
  }

  /** A tile that cannot be read stays empty, and is said once. */
  async #readOne(hash: string, { startSec, columnSec }: Wanted, signal: AbortSignal): Promise<SoundTile> {
    try {
      return await this.#read(hash, startSec, columnSec, signal);
    } catch (error) {
      if (!signal.aborted && !this.#hasFailed) this.#onError(error);
      if (!signal.aborted) this.#hasFailed = true;
      return { peaks: new Uint8Array(TILE_COLUMNS), spectrogram: new Uint8Array(TILE_COLUMNS * BANDS) };
    }
  }

  /** What each pixel of a view shows; a coarser tile stands in for one that is not read yet. */
  columnsOf(view: View, widthPx: number): Column[] {
    const [first] = tilesOf(view, widthPx, TILE_COLUMNS);
    const perPixel = (view.toSec - view.fromSec) / Math.max(1, widthPx);
    return Array.from({ length: widthPx }, (_, x) => {
      const sec = view.fromSec + (x + 0.5) * perPixel;
      for (let columnSec = first!.columnSec; columnSec < 1e5; columnSec *= 2) {
        const tileSec = columnSec * TILE_COLUMNS;
        const startSec = Math.floor(sec / tileSec) * tileSec;
        const tile = this.#tiles.get(this.#key({ columnSec, startSec }));
        if (tile) return { tile, column: Math.min(TILE_COLUMNS - 1, Math.floor((sec - startSec) / columnSec)) };
      }
      return null;
    });
  }

  /** Where a sound begins or ends near a moment, as far as tiles are read. */
  readonly edgeNear: EdgeNear = (view, widthPx, sec, nearSec, edge) => {
    const tile = tilesOf(view, widthPx, TILE_COLUMNS).find(
      ({ startSec, columnSec }) => sec >= startSec && sec < startSec + columnSec * TILE_COLUMNS,
    );
    const known = tile && this.#tiles.get(this.#key(tile));
    return known ? steepest(known.peaks, tile.columnSec, tile.startSec, sec, nearSec, edge) : sec;
  };

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#tiles.clear();
    this.#wanted = [];
    this.#hash = '';
    this.#isWaiting = false;
  }
}

/**
 * Draws columns: spectrogram above, waveform below. @param ink of the waveform and @param paper behind it, as RGBA words; @param colours 256 of them.
 * @returns pixels, shape [BANDS + waveHeight, columns].
 */
export function drawColumns(
  columns: readonly Column[],
  waveHeight: number,
  colours: Uint32Array,
  ink: number,
  paper: number,
): Uint32Array<ArrayBuffer> {
  const width = columns.length;
  const pixels = new Uint32Array(width * (BANDS + waveHeight)).fill(paper);
  columns.forEach((at, x) => {
    if (!at) return;
    const { tile, column } = at;
    for (let band = 0; band < BANDS; band++)
      pixels[(BANDS - 1 - band) * width + x] = colours[tile.spectrogram[column * BANDS + band]!]!;
    const half = Math.max(0.5, (tile.peaks[column]! / 255) * (waveHeight / 2));
    const [top, bottom] = [Math.floor(waveHeight / 2 - half), Math.ceil(waveHeight / 2 + half)];
    for (let y = Math.max(0, top); y < Math.min(waveHeight, bottom); y++) pixels[(BANDS + y) * width + x] = ink;
  });
  return pixels;
}
