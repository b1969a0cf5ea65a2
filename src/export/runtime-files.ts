/** What an exported model carries to run in a page: the library, its engines, the page itself, beside the model or all in one file. Worker thread. */
import { assetAddress } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import type { BundleFile } from './bundle.ts';

/** Of the page beside a model, and of one file: nothing is loaded from elsewhere. Worklets and decoded files come from memory: blob:, or data: in a page from disk (media/tap.ts). */
const policy = (script: string, style: string, connect: string) =>
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${script} 'wasm-unsafe-eval'; worker-src blob: data:; style-src ${style}; connect-src ${connect}blob:; img-src blob: data:; media-src blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'" />`;

async function read(path: string): Promise<Blob> {
  const address = assetAddress(path);
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new StudioError('export/runtime-missing', { details: { address } });
  return response.blob();
}
const textOf = async (path: string) => (await read(path)).text();

const NOTICES = 'third-party-notices.txt';

/** Binaries that the library asks for by these names. */
async function engines(needsLiteRt: boolean): Promise<BundleFile[]> {
  const names = ['engine.wasm', ...(needsLiteRt ? ['litert.bin'] : [])];
  const addresses = [...names.map((name) => [name, `runtime/${name}`] as const), [NOTICES, NOTICES] as const];
  return Promise.all(addresses.map(async ([path, from]): Promise<BundleFile> => ({ path, blob: await read(from) })));
}

const html = (text: string) => new Blob([text], { type: 'text/html' });

/** Puts head and script where the page has a place for them. @param pieces may hold any text. */
function fill(page: string, pieces: Record<'policy' | 'style' | 'script', readonly BlobPart[]>): BlobPart[] {
  return page
    .split(/<!--(policy|style|script)-->/)
    .flatMap((part, i): readonly BlobPart[] => (i % 2 ? pieces[part as keyof typeof pieces] : [part]));
}

/** Files beside a model: `index.html`, `page.js`, `understudy.js` and its types, engines. From the app's own origin, or its offline cache. @throws StudioError `export/runtime-missing`. */
export async function loadRuntimeFiles(needsLiteRt: boolean): Promise<BundleFile[]> {
  const names = ['page.css', 'page.js', 'understudy.js', 'understudy.d.ts', 'preprocessing.schema.json'];
  const [template, binaries, ...files] = await Promise.all([
    textOf('runtime/page.html'),
    engines(needsLiteRt),
    ...names.map(async (name): Promise<BundleFile> => ({ path: name, blob: await read(`runtime/${name}`) })),
  ]);
  const page = fill(template, {
    policy: [policy("'self' blob:", "'self'", "'self' ")],
    style: ['<link rel="stylesheet" href="page.css" />'],
    script: ['<script type="module" src="page.js"></script>'],
  });
  return [{ path: 'index.html', blob: html(page.join('')) }, ...files, ...binaries];
}

const isPacked = ([a, b]: Uint8Array) => a === 0x1f && b === 0x8b;

/** Bytes as text in base 64, packed with gzip unless they are. */
async function carried(blob: Blob): Promise<string> {
  let bytes = new Uint8Array(await blob.arrayBuffer());
  if (!isPacked(bytes)) {
    const packed = blob.stream().pipeThrough(new CompressionStream('gzip'));
    bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  }
  let text = '';
  // Whole groups of three, so that the pieces join.
  for (let at = 0; at < bytes.length; at += 24_576)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 24_576)));
  return text;
}

async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `'sha256-${btoa(String.fromCharCode(...digest))}'`;
}

/**
 * A model and everything it needs as one page that opens from disk, without a network.
 * @param files of its bundle; borrowed. @throws StudioError `export/runtime-missing`.
 */
export async function makeSinglePage(files: readonly BundleFile[], needsLiteRt: boolean): Promise<Blob> {
  const [page, style, script] = await Promise.all([
    textOf('runtime/page.html'),
    textOf('runtime/page.css'),
    textOf('runtime/single.js'),
  ]);
  // Within a page these end the script, or begin another.
  const safe = script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
  const data: BlobPart[] = [];
  for (const { path, blob } of [...files, ...(await engines(needsLiteRt))])
    data.push(`<script type="text/plain" data-file="${path}">`, await carried(blob), '</script>\n');
  const parts = fill(page, {
    policy: [policy(`${await hashOf(safe)} blob: data:`, await hashOf(style), '')],
    style: [`<style>${style}</style>`],
    script: [...data, `<script>${safe}</script>`],
  });
  return new Blob(parts, { type: 'text/html' });
}
