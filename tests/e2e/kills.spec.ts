/**
 * The whole browser is killed at random moments of random work, again and again in one profile: what was said to be saved is there, and a step that was under way is there whole or
 * not at all. FAULT_KILLS and FAULT_SEED make it longer or other (`npm run test:faults`).
 */
import { chromium, expect, test, type BrowserContext } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error -- a plain script of tools/
import { serve } from '../../tools/serve.mjs';
import { createRandom } from '../../src/kernel/random.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { tone } from '../helpers/signals.ts';
import { StudioPage } from './pages/studio.ts';

const KILLS = Number(process.env.FAULT_KILLS ?? 4);
const SEED = Number(process.env.FAULT_SEED ?? 1);

/** Clips by class, as the page shows them. */
type Counts = Record<string, number>;
const sorted = (counts: Counts) => JSON.stringify(Object.entries(counts).sort());

async function readCounts(studio: StudioPage): Promise<Counts> {
  const buttons = studio.page
    .getByRole('complementary', { name: 'Classes' })
    .getByRole('button', { name: /^c\d+ \d+$/ });
  const names = await buttons.evaluateAll((list) =>
    list.map((one) => one.getAttribute('aria-label') ?? one.textContent ?? ''),
  );
  return Object.fromEntries(
    names
      .map((name) => name.replace(/\s+/g, ' ').trim().split(' ') as [string, string])
      .map(([name, count]) => [name, Number(count)]),
  );
}

test(`${KILLS} kills of the whole browser lose nothing that was saved, and no step in half (seed ${SEED})`, async () => {
  test.setTimeout(60_000 + KILLS * 30_000);
  const random = createRandom(SEED, 'kills');
  const profile = mkdtempSync(join(tmpdir(), 'understudy-kills-'));
  const server = (await serve('dist', 0)) as { url: string; close(): Promise<void> };
  let context: BrowserContext | null = null;
  let studio!: StudioPage;
  const start = async () => {
    context = await chromium.launchPersistentContext(profile, {
      ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
      viewport: { width: 1440, height: 900 },
      args: ['--no-sandbox', '--disable-gpu'],
    });
    context.setDefaultTimeout(20_000);
    studio = new StudioPage(context.pages()[0] ?? (await context.newPage()), server.url);
  };
  /** As a crash ends it: no process of it is asked. What the system has taken to write, it still writes: a power cut is more. */
  const kill = () => spawnSync('pkill', ['-9', '-f', profile]);
  let saved: Counts = {};
  let made = 0;
  const seen: Record<string, number> = {};
  try {
    await start();
    await studio.newProject('Kills');
    const address = studio.page.url().replace(server.url, '');
    for (let n = 0; n < KILLS; n++) {
      // Some steps that end well, then one in the middle of which everything ends.
      const steps = 1 + Math.floor(random.next() * 2);
      for (let step = 0; step <= steps; step++) {
        const isLast = step === steps;
        const name = `c${1 + Math.floor(random.next() * 5)}`;
        const after = { ...saved };
        const kinds = Object.keys(saved).length > 0 ? ['import', 'import', 'class', 'burst', 'train'] : ['import'];
        const kind = kinds[Math.floor(random.next() * kinds.length)]!;
        let work: Promise<unknown>;
        const files = (count: number) =>
          Array.from({ length: count }, () => ({
            name: `${name}.${++made}.wav`,
            mimeType: 'audio/wav',
            buffer: wavBytes(tone(150 + 7 * made, 0.3), 16000),
          }));
        if (kind === 'import' || kind === 'burst') {
          const count = kind === 'burst' ? 20 : 2;
          after[name] = (after[name] ?? 0) + count;
          const report = studio.page.getByRole('region', { name: 'Import report' });
          work = expect(report)
            .toBeHidden()
            .then(() => studio.importFiles(files(count)))
            .then(() => studio.closeReport())
            .then(() => expect(report).toBeHidden());
        } else if (kind === 'class') {
          const fresh = `c${10 + ++made}`;
          after[fresh] = 0;
          work = studio.addClass(fresh);
        } else {
          work = (async () => {
            await studio.step('Train');
            const train = studio.button(/^(Train|Resume|Train more)$/).first();
            if ((await train.isVisible()) && (await train.isEnabled())) await train.click();
            await studio.page.waitForTimeout(1500);
            await studio.step('Data');
          })();
        }
        if (process.env.FAULT_TELL) console.log(`${n + 1}.${step} ${kind} ${isLast ? 'killed' : ''}`);
        if (!isLast) {
          await work;
          await expect.poll(async () => sorted(await readCounts(studio)), { timeout: 30_000 }).toBe(sorted(after));
          await expect(studio.page.getByRole('status', { name: 'Saved' })).toBeVisible();
          saved = after;
          continue;
        }
        seen[kind] = (seen[kind] ?? 0) + 1;
        work.catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 30 + random.next() * 1200));
        kill();
        await work.catch(() => {});
        await context!.close().catch(() => {});
        await start();
        await studio.open(address);
        await expect(studio.page.getByRole('heading', { level: 1, name: 'Kills' })).toBeVisible({ timeout: 20_000 });
        await expect(studio.page.getByRole('complementary', { name: 'Classes' })).toBeVisible();
        await expect
          .poll(
            async () =>
              [sorted(saved), sorted(after)].includes(sorted(await readCounts(studio))) ||
              sorted(await readCounts(studio)),
          )
          .toBe(true);
        saved = await readCounts(studio);
        expect(studio.problems, `kill ${n + 1}, ${kind}`).toEqual([]);
      }
    }
    console.log(
      `${KILLS} kills, seed ${SEED}: ${JSON.stringify(seen)}, ${Object.values(saved).reduce((sum, count) => sum + count, 0)} clips at the end`,
    );
  } finally {
    await (context as BrowserContext | null)?.close().catch(() => {});
    kill();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
