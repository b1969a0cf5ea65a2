/** An exported model as people open it: one file from disk; and what it is made from. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHARED } from '../../helpers/data.ts';

export const videos = join(SHARED, 'data/action-clips');
export const dice = join(SHARED, 'data/detection-dice/train');

/** Opens it, and waits until the model can be used. Errors of the page fail the test. */
export async function openExported(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  // Devices that were opened, so that a test can see whether they were let go.
  await page.addInitScript(() => {
    const streams: MediaStream[] = [];
    Object.assign(globalThis, { openedStreams: streams });
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      streams.push(stream);
      return stream;
    };
  });
  await page.goto(pathToFileURL(path).href);
  await expect(page.getByRole('button', { name: /^Start / })).toBeEnabled({ timeout: 30_000 });
  // Its policy lets nothing write HTML.
  const written = await page.evaluate(() => {
    try {
      document.createElement('p').innerHTML = '<b>x</b>';
      return 'written';
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(written).toBe('TypeError');
  return page;
}

/** Microphones and cameras that are still open. There was at least one. */
export async function openTracks(page: Page): Promise<number> {
  const states = await page.evaluate(async () => {
    // What is ended is let go within the current turn of the loop that reads it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { openedStreams } = globalThis as unknown as { openedStreams: MediaStream[] };
    return openedStreams.flatMap((stream) => stream.getTracks().map(({ readyState }) => readyState));
  });
  expect(states.length).toBeGreaterThan(0);
  return states.filter((state) => state === 'live').length;
}

/** axe finds nothing. */
export async function expectAccessible(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
}

/** Trains and exports from the command line. @param more formats beside the page. @returns path of the exported page. */
export function exportPage(folder: string, task: string, settings: object, more: string[] = []): string {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(settings));
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...['tools/studio.mjs', 'train', '--task', task, '--data', join(folder, 'data'), '--config', config],
      ...[
        '--out',
        join(folder, 'report.json'),
        '--export',
        join(folder, 'model'),
        '--formats',
        ['html', ...more].join(),
      ],
    ],
    { encoding: 'utf8', timeout: 170_000 },
  );
  expect(status, stderr).toBe(0);
  expect(readdirSync(join(folder, 'model'))).toContain('model.html');
  return join(folder, 'model/model.html');
}

/** A page that knows squats, standing and waving. */
export function exportActions(folder: string): string {
  for (const name of ['squats', 'stand', 'wave']) {
    mkdirSync(join(folder, 'data', name), { recursive: true });
    copyFileSync(join(videos, `${name}.mp4`), join(folder, 'data', name, `${name}.mp4`));
  }
  return exportPage(folder, 'action', { validation: 'none', iterations: 20 });
}

/** A page that finds dice. @returns names of its pictures in {@link dice}, too. */
export function exportObjects(folder: string): { path: string; names: string[] } {
  mkdirSync(join(folder, 'data'));
  const names = readdirSync(dice)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .slice(0, 20);
  for (const name of names) copyFileSync(join(dice, name), join(folder, 'data', name));
  const notes = JSON.parse(readFileSync(join(dice, 'annotations.json'), 'utf8')) as { image: string }[];
  const known = notes.filter(({ image }) => names.includes(image));
  writeFileSync(join(folder, 'data/annotations.json'), JSON.stringify(known));
  const vision = { pixels: 320, tiles: 1 };
  return { path: exportPage(folder, 'detection', { iterations: 8, copies: 1, vision }), names };
}
