/** Where an exported model's files are: a folder that is served, or the page itself. Main thread of somebody's page. */
import { StudioError } from '../kernel/errors.ts';

/** Gives a file of the bundle; null when it is not there. */
export type FileSource = (path: string) => Promise<Blob | null>;

/** The files of a folder, by fetch. @param address with or without a slash at its end, relative to the page. */
export function servedFolder(address: string | URL): FileSource {
  const base = new URL(String(address).replace(/\/?$/, '/'), document.baseURI);
  return async (path) => {
    const response = await fetch(new URL(path, base)).catch((cause: unknown) => {
      throw new StudioError('export/model-damaged', {
        message:
          base.protocol === 'file:'
            ? 'Browsers do not let a page opened as a file read its neighbours. Serve this folder (for example: npx serve), or open the single file instead.'
            : `${path} could not be fetched from ${base.href}: is there a connection?`,
        cause,
      });
    });
    if (response.status === 404) return null;
    if (!response.ok)
      throw new StudioError('export/model-damaged', {
        message: `${path} could not be fetched from ${base.href}: the server answered ${response.status}.`,
      });
    return response.blob();
  };
}

/** The content of compressed bytes, or the bytes themselves: servers unpack some files on the way. */
export async function unpacked(blob: Blob): Promise<Blob> {
  const [a, b] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (a !== 0x1f || b !== 0x8b) return blob;
  return new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).blob();
}

/** Files that a single page carries: `<script type="text/plain" data-file="model.json">`, packed with gzip, in base 64. Null in a page without any. */
export function carriedFiles(): FileSource | null {
  const all = [...document.querySelectorAll<HTMLElement>('script[data-file]')];
  if (all.length === 0) return null;
  return async (path) => {
    const text = all.find((element) => element.dataset.file === path)?.textContent;
    if (text === undefined || text === null) return null;
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return unpacked(new Blob([bytes]));
  };
}
