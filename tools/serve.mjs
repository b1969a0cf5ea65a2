/** A static file server for dist/, with the headers a host should send. */
import { modelFiles } from './models.mjs';
import { createReadStream, existsSync, statSync } from 'node:fs';
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

/**
 * Serves `root` on 127.0.0.1. @param models folder served as /models/; null = none, whatever the build holds. @param port 0 = any free one; when taken, the next free one is used.
 * @returns { url, close }
 */
export async function serve(root, port = 0, { isolated = true, models = null } = {}) {
  // What npm has brought is part of the app.
  const packaged = new Set(
    modelFiles()
      .filter((entry) => entry.package)
      .map((entry) => entry.path),
  );
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://local').pathname);
    // The networks may have come after the build, or are to be hidden.
    const isModel = path.startsWith('/models/') && !packaged.has(path.slice(8));
    let file = normalize(isModel ? join(models ?? 'no-models', path.slice(8)) : join(root, path));
    if (!isModel && !file.startsWith(normalize(root + sep)) && file !== normalize(root)) file = root;
    if (isModel && !file.startsWith(normalize((models ?? 'no-models') + sep))) file = 'no-models';
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!existsSync(file)) {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      response.end('Not found');
      return;
    }
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Length': statSync(file).size,
      'Cache-Control': /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      ...(isolated
        ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
        : {}),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
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
