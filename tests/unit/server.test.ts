/** The server of npm start, and the headers for hosts: what they send, and that no request ends them. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request as ask } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlace, putFile } from '../../tools/put-file.mjs';
import { FOREVER, HEADERS, headersFile } from '../../tools/headers.mjs';
// @ts-expect-error -- a plain script of tools/
import { serve as serveFolder } from '../../tools/serve.mjs';

const serve = serveFolder as (
  root: string,
  port?: number,
  options?: object,
) => Promise<{ url: string; close(): Promise<void> }>;
const outside = mkdtempSync(join(tmpdir(), 'understudy-server-'));
const root = join(outside, 'dist');
let host: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'index.html'), '<!doctype html>');
  writeFileSync(join(root, 'sw.js'), '0');
  writeFileSync(join(root, 'ä b.txt'), 'umlaut');
  writeFileSync(join(root, 'empty.txt'), '');
  writeFileSync(join(root, 'assets/a.js'), '0123456789');
  symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
  symlinkSync(outside, join(root, 'up'));
  host = await serve(root);
});
afterAll(async () => {
  await host.close();
  rmSync(outside, { recursive: true });
});

/** As raw as an attacker's: no client tidies the path. */
function raw(path: string, method = 'GET', headers: Record<string, string> = {}) {
  const { hostname, port } = new URL(host.url);
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = ask({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

describe('the server', () => {
  it('sends its headers with every answer, also with one that fails', async () => {
    for (const path of ['/', '/sw.js', '/assets/a.js', '/gone.js']) {
      const { headers } = await raw(path);
      for (const [name, value] of Object.entries(HEADERS)) expect(headers[name.toLowerCase()], path).toBe(value);
    }
    expect((await raw('/assets/a.js')).headers['cache-control']).toBe(FOREVER);
    expect((await raw('/')).headers['cache-control']).toBe('no-cache');
    // A folder that is not the app's build brings its own policy.
    const other = await serve(join(root, 'assets'));
    const response = await fetch(`${other.url}a.js`);
    expect(response.headers.get('content-security-policy')).toBeNull();
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    await other.close();
  });

  it('never gives what lies outside, by dots or by links', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/link.txt',
      '/up/secret.txt',
      '/..%5csecret.txt',
    ])
      expect((await raw(path)).status, path).toBe(404);
  });

  it('gives ranges, and says when one lies outside', async () => {
    const range = (value: string) => raw('/assets/a.js', 'GET', { Range: value });
    expect(await range('bytes=2-4')).toMatchObject({ status: 206, body: '234' });
    expect((await range('bytes=2-4')).headers['content-range']).toBe('bytes 2-4/10');
    expect(await range('bytes=7-')).toMatchObject({ status: 206, body: '789' });
    expect(await range('bytes=-3')).toMatchObject({ status: 206, body: '789' });
    expect(await range('bytes=5-99')).toMatchObject({ status: 206, body: '56789' });
    expect((await range('bytes=10-')).status).toBe(416);
    expect(await range('lines=1-2')).toMatchObject({ status: 200, body: '0123456789' });
  });

  it('answers what is known with 304, HEAD without a body, other methods with 405', async () => {
    const { headers } = await raw('/assets/a.js');
    const again = await raw('/assets/a.js', 'GET', { 'If-None-Match': headers.etag as string });
    expect([again.status, again.body]).toEqual([304, '']);
    expect(await raw('/', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await raw('/', 'POST')).toMatchObject({ status: 405 });
    expect((await raw('/%C3%A4%20b.txt')).body).toBe('umlaut');
    expect(await raw('/empty.txt')).toMatchObject({ status: 200, body: '' });
  });

  it('outlives requests that make no sense', async () => {
    for (const path of ['/%', '/%E0%A4%A', '/%00', '//', '/a%2Fb'])
      expect([400, 404, 200]).toContain((await raw(path)).status);
    await new Promise<void>((resolve) => {
      const { hostname, port } = new URL(host.url);
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket
        .on('close', () => resolve())
        .on('data', () => {})
        .on('error', () => resolve());
    });
    expect((await raw('/')).status).toBe(200);
  });
});

describe('the headers for hosts', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/hosting.md'), 'utf8');
  it('stand in docs/hosting.md as the server sends them, for each host', () => {
    expect(text).toContain(headersFile());
    for (const [name, value] of Object.entries(HEADERS)) {
      expect(text.split(`add_header ${name} "${value}" always;`).length - 1, `nginx, ${name}`).toBe(2);
      expect(text, `Caddy, ${name}`).toContain(`    ${name} "${value}"`);
    }
    expect(text.split(FOREVER).length - 1).toBe(3);
  });
});

describe('files of the command line', () => {
  const folder = join(outside, 'out');
  const list = () => readdirSync(folder).sort();
  it('are written whole, in folders that are made', () => {
    putFile(join(folder, 'deep/report.json'), 'one');
    putFile(join(folder, 'deep/report.json'), 'two');
    expect(readFileSync(join(folder, 'deep/report.json'), 'utf8')).toBe('two');
    expect(list()).toEqual(['deep']);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['report.json']);
  });
  it('that cannot be written leave no half of one, and say why', () => {
    expect(() => putFile(join(folder, 'deep/report.json/x.json'), '')).toThrow(
      /x\.json was not written: a file stands/,
    );
    expect(() => putFile(join(folder, 'deep'), '')).toThrow(
      /deep was not written: there is a folder of this name\. What was/,
    );
    expect(() => checkPlace(join(folder, 'deep'))).toThrow(/a folder of this name/);
    checkPlace(join(folder, 'new/report.json'));
    expect(list()).toEqual(['deep', 'new']);
    expect(readdirSync(join(folder, 'new'))).toEqual([]);
  });
  it.skipIf(!existsSync('/dev/full'))('meet a full disk', () => {
    expect(() => putFile('/dev/full', 'x')).toThrow(
      '/dev/full was not written: the disk is full. What was written before it stays.',
    );
  });
});
