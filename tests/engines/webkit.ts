/** WebKitGTK by WebDriver, in a window of its own that keeps its data (webkit-window.py): the browsers Debian has are private under automation. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, type Driver } from './driver.ts';

export const WEBKIT = ['/usr/bin/WebKitWebDriver', '/usr/bin/Xvfb'].every((path) => existsSync(path));
const WINDOW = join(import.meta.dirname, 'webkit-window.py');
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Keys without a letter, as WebDriver writes them. */
const KEYS: Record<string, string> = {
  Control: '\uE009',
  Shift: '\uE008',
  Alt: '\uE00A',
  Enter: '\uE007',
  Escape: '\uE00C',
  Delete: '\uE017',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};

/** A port nobody has. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** @param isPrivate a window that keeps nothing. @throws when it does not start. */
export async function openWebKit(isPrivate = false): Promise<Driver> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-webkit-'));
  const log = join(folder, 'console.log');
  const starter = join(folder, 'window.sh');
  writeFileSync(log, '');
  writeFileSync(
    starter,
    `#!/bin/sh\nUNDERSTUDY_DATA=${folder} UNDERSTUDY_PRIVATE=${isPrivate ? 1 : ''} exec /usr/bin/python3 ${WINDOW} >>${log} 2>&1\n`,
  );
  chmodSync(starter, 0o755);
  const display = `:${100 + (process.pid % 20_000)}`;
  const screen = spawn('Xvfb', [display, '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], { stdio: 'ignore' });
  const port = await freePort();
  const out = openSync(join(folder, 'driver.log'), 'a');
  const xdg = Object.fromEntries(['DATA', 'CACHE', 'CONFIG'].map((name) => [`XDG_${name}_HOME`, join(folder, name)]));
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, ...xdg, DISPLAY: display, HOME: folder },
    stdio: ['ignore', out, out],
    detached: true,
  });
  const end = () => {
    // With all it has started, which would go on writing into the folder.
    try {
      process.kill(-driver.pid!, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
    screen.kill();
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 4, retryDelay: 100 });
    } catch {
      // What is left lies in the system's own folder for such files.
    }
  };
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } } : {}),
    });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${path}: ${value.error} ${value.message}`);
    return value;
  };
  try {
    for (let i = 0; ; i++) {
      const isUp = await call('GET', '/status').then(
        () => true,
        () => false,
      );
      if (isUp) break;
      if (i > 100) throw new Error('WebKitWebDriver does not answer');
      await sleep(100);
    }
    const options = { 'webkitgtk:browserOptions': { binary: starter, args: [] } };
    const session = (await call('POST', '/session', { capabilities: { alwaysMatch: options } })) as {
      sessionId: string;
      capabilities: { browserVersion: string };
    };
    const at = `/session/${session.sessionId}`;
    await call('POST', `${at}/timeouts`, { script: 300_000, pageLoad: 120_000, implicit: 0 });
    const resize = async (width: number, height: number) =>
      void (await call('POST', `${at}/window/rect`, { x: 0, y: 0, width, height }));
    await resize(1440, 900);
    const find = async (selector: string) => {
      const found = await call('POST', `${at}/element`, { using: 'css selector', value: selector });
      return `${at}/element/${(found as Record<string, string>)[ELEMENT]}`;
    };
    let seen = 0;
    return {
      version: `WebKitGTK ${session.capabilities.browserVersion}`,
      goto: async (url) => void (await call('POST', `${at}/url`, { url })),
      reload: async () => void (await call('POST', `${at}/refresh`, {})),
      async evaluate<T>(body: string) {
        // As text of plain letters: the driver damages others.
        const script = `const done = arguments[arguments.length - 1]; (async () => {${body}})().then((v) => done(encodeURIComponent(JSON.stringify({ v }))), (e) => done(encodeURIComponent(JSON.stringify({ e: String(e) + ' ' + (e?.stack ?? '') }))));`;
        const text = (await call('POST', `${at}/execute/async`, { script, args: [] })) as string;
        const { v, e } = JSON.parse(decodeURIComponent(text)) as { v: T; e?: string };
        if (e) throw new Error(e);
        return v;
      },
      click: async (selector) => void (await call('POST', `${await find(selector)}/click`, {})),
      async fill(selector, text) {
        const element = await find(selector);
        await call('POST', `${element}/clear`, {});
        await call('POST', `${element}/value`, { text });
        await call('POST', `${at}/execute/sync`, { script: 'document.activeElement?.blur();', args: [] });
      },
      async press(keys) {
        const all = keys.split('+').map((key) => KEYS[key] ?? key);
        const down = all.map((value) => ({ type: 'keyDown', value }));
        const up = all.toReversed().map((value) => ({ type: 'keyUp', value }));
        await call('POST', `${at}/actions`, { actions: [{ type: 'key', id: 'keys', actions: [...down, ...up] }] });
      },
      async drag(from, to) {
        const move = (x: number, y: number) => ({
          type: 'pointerMove',
          duration: 50,
          x: Math.round(x),
          y: Math.round(y),
        });
        const actions = [
          move(...from),
          { type: 'pointerDown', button: 0 },
          move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2),
          move(...to),
          { type: 'pointerUp', button: 0 },
        ];
        await call('POST', `${at}/actions`, {
          actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }],
        });
      },
      setFiles: async (selector, paths) =>
        void (await call('POST', `${await find(selector)}/value`, { text: paths.join('\n') })),
      resize,
      screenshot: async (path) =>
        writeFileSync(path, Buffer.from((await call('GET', `${at}/screenshot`)) as string, 'base64')),
      takeErrors() {
        const text = readFileSync(log, 'utf8');
        const lines = text.slice(seen).split('\n');
        seen = text.length;
        return lines.filter((line) => /CONSOLE .*ERROR|WEB PROCESS TERMINATED/.test(line));
      },
      async close() {
        await call('DELETE', at).catch(() => {});
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}
