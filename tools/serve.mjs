/** A static file server for dist/, with the headers a host should send. */
import { FOREVER, HEADERS } from './headers.mjs';
import { modelFiles } from './models.mjs';
import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
};

/** First and last byte of a `Range` header; null = the whole file, undefined = a range outside it. */
function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [from, to] =
    match[1] === ''
      ? [Math.max(0, size - Number(match[2])), size - 1]
      : [Number(match[1]), match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]))];
  return from > to || from >= size ? undefined : { from, to };
}

/** The file of a path below `root`, its links followed; null when there is none, or it lies elsewhere. */
function fileBelow(root, path) {
  let file = join(root, normalize(`/${path}`));
  if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
  if (!existsSync(file)) return null;
  const real = realpathSync(file);
  return real.startsWith(realpathSync(root) + sep) && statSync(real).isFile() ? real : null;
}

/**
 * Serves `root` on 127.0.0.1. @param models folder served as /models/; null = none, whatever the build holds. @param isApp the folder is this app's build, whose policy is sent
 * with every answer; an exported page brings its own. @param port 0 = any free one; when taken, the next free one is used.
 * @returns { url, close }
 */
export async function serve(
  root,
  port = 0,
  { isolated = true, models = null, isApp = existsSync(join(root, 'sw.js')) } = {},
) {
  // What npm has brought is part of the app.
  const packaged = new Set(
    modelFiles()
      .filter((entry) => entry.package)
      .map((entry) => entry.path),
  );
  const shared = Object.fromEntries(
    Object.entries(HEADERS).filter(
      ([name]) =>
        (isApp || name !== 'Content-Security-Policy') && (isolated || !/^Cross-Origin-(Opener|Embedder)/.test(name)),
    ),
  );
  function answer(request, response) {
    const refuse = (status, text, more = {}) => {
      response.writeHead(status, { ...shared, 'Content-Type': 'text/plain; charset=utf-8', ...more });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(405, 'Only GET and HEAD are answered', { Allow: 'GET, HEAD' });
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, 'http://local').pathname);
    } catch {
      return refuse(400, 'The address cannot be read');
    }
    if (path.includes('\0')) return refuse(400, 'The address cannot be read');
    // The networks may have come after the build, or are to be hidden.
    const isModel = path.startsWith('/models/') && !packaged.has(path.slice(8));
    const file = isModel ? models && fileBelow(models, path.slice(8)) : fileBelow(root, path);
    if (!file) return refuse(404, 'Not found');
    const { size, mtimeMs } = statSync(file);
    const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
    const headers = {
      ...shared,
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Cache-Control': /^\/assets\//.test(path) ? FOREVER : 'no-cache',
      'Accept-Ranges': 'bytes',
      ETag: tag,
    };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers);
      return response.end();
    }
    const range = rangeOf(request.headers.range, size);
    if (range === undefined) return refuse(416, 'Outside the file', { 'Content-Range': `bytes */${size}` });
    const { from, to } = range ?? { from: 0, to: size - 1 };
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'Content-Length': to - from + 1,
      ...(range ? { 'Content-Range': `bytes ${from}-${to}/${size}` } : {}),
    });
    if (request.method === 'HEAD' || size === 0) return response.end();
    createReadStream(file, { start: from, end: to })
      .on('error', () => response.destroy())
      .pipe(response);
  }
  const server = createServer((request, response) => {
    try {
      answer(request, response);
    } catch (error) {
      // A file that went away meanwhile, a folder that may not be read: this request fails, the server goes on.
      console.error(`${request.method} ${request.url}: ${error.message}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, shared).end();
    }
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const listen = (wanted) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => resolve(server.address().port));
    });
  let used;
  for (let wanted = port; ; wanted++) {
    try {
      used = await listen(wanted);
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port === 0 || wanted > port + 50) throw error;
      server.removeAllListeners('error');
    }
  }
  return {
    url: `http://127.0.0.1:${used}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}
