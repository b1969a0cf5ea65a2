/**
 * What a person leaves on for an hour stays as it was: the page's heap, its elements and listeners, the tensors of its threads. A short form; `npm run test:faults`
 * listens for an hour and looks through the camera for another (STEADY_MIN) and trains twenty times (STEADY_RUNS).
 */
import type { CDPSession } from '@playwright/test';
import { tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const MINUTES = Number(process.env.STEADY_MIN ?? 0.5);
/** Of each camera: both together are as long as the listening. */
const CAMERA_MINUTES = MINUTES / 2;
const RUNS = Number(process.env.STEADY_RUNS ?? 3);
/** Bytes the heap may grow by: histories on screen are bounded, and fill up in the first minute. */
const GROWTH = 4 * 2 ** 20;

type Sizes = { heap: number; nodes: number; listeners: number; tensors: Record<string, number> };

async function measure(studio: StudioPage, session: CDPSession): Promise<Sizes> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = (await session.send('Performance.getMetrics')) as { metrics: { name: string; value: number }[] };
  const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  const tensors: Record<string, number> = {};
  for (const worker of studio.page.workers())
    tensors[/([a-z]+)\.worker/.exec(worker.url())?.[1] ?? worker.url()] = await worker.evaluate(
      () => (globalThis as { _tfengine?: { state: { numTensors: number } } })._tfengine?.state.numTensors ?? 0,
    );
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners'), tensors };
}

/** Looks again and again at what a page that is left alone holds: it stays as it was. */
async function watch(studio: StudioPage, session: CDPSession, minutes: number): Promise<void> {
  const looks: Sizes[] = [];
  const count = Math.max(3, Math.round(minutes / 2));
  for (let i = 0; i <= count; i++) {
    await studio.page.waitForTimeout((minutes * 60_000) / (count + 1));
    looks.push(await measure(studio, session));
  }
  const tell = ({ heap, nodes, listeners, tensors }: Sizes) =>
    `${(heap / 2 ** 20).toFixed(1)} MB, ${nodes} nodes, ${listeners} listeners, ${JSON.stringify(tensors)}`;
  console.log(looks.map(tell).join('\n'));
  const [first, last] = [looks[1]!, looks.at(-1)!];
  expect(last.heap - first.heap, 'bytes of the heap').toBeLessThan(GROWTH);
  expect(last.nodes - first.nodes, 'nodes').toBeLessThan(200);
  expect(last.listeners - first.listeners, 'listeners').toBeLessThan(40);
  expect(last.tensors).toEqual(first.tensors);
}

test(`${RUNS} trainings and ${MINUTES} minutes of listening leave nothing behind`, async ({ studio, context }) => {
  test.setTimeout(MINUTES * 60_000 + RUNS * 60_000 + 180_000);
  const { page } = studio;
  await studio.newProject('Steady');
  await studio.importFiles(
    [200, 3000].flatMap((hz) =>
      Array.from({ length: 6 }, (_, n) => ({
        name: `${hz < 1000 ? 'low' : 'high'}.${n}.wav`,
        mimeType: 'audio/wav',
        buffer: wavBytes(tone(hz + n, 1), 16000),
      })),
    ),
  );
  await studio.closeReport();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  await studio.step('Train');
  await studio.iterations(2);
  const runs: Sizes[] = [];
  for (let run = 0; run < RUNS; run++) {
    await studio.button('Train').click();
    await expect(studio.button('Pause')).toBeVisible();
    await expect(studio.button('Pause')).toBeHidden({ timeout: 60_000 });
    runs.push(await measure(studio, session));
  }
  console.log(
    runs.map(({ heap, tensors }) => `${(heap / 2 ** 20).toFixed(1)} MB, ${JSON.stringify(tensors)}`).join('\n'),
  );
  for (const { tensors } of runs.slice(1)) expect(tensors.training).toBe(runs[0]!.tensors.training);
  expect(runs.at(-1)!.heap - runs[0]!.heap).toBeLessThan(GROWTH);

  await studio.step('Preview');
  await studio.button('Start listening').click();
  await expect(page.getByRole('complementary', { name: 'Prediction' }).getByRole('status')).not.toBeEmpty();
  await watch(studio, session, MINUTES);
  await expect(studio.button('Stop listening')).toBeVisible();
  await studio.button('Stop listening').click();
});

for (const { sample, algorithm } of [
  { sample: 'Wave', algorithm: /^Temporal network/ },
  { sample: 'Dice', algorithm: /^Full network/ },
])
  test(`${sample}: ${CAMERA_MINUTES} minutes of camera leave nothing behind`, async ({ studio, context }) => {
    test.skip(!process.env.STEADY_MIN, 'npm run test:faults runs it');
    test.setTimeout(CAMERA_MINUTES * 60_000 + 300_000);
    const { page } = studio;
    await studio.open();
    await studio.button(new RegExp(`^Open sample: ${sample}`)).click();
    await studio.step('Train');
    await page.getByRole('radio', { name: algorithm }).click();
    await studio.iterations(2);
    await studio.button('Train').click();
    await expect(page.getByText(/of (test|validation) clips right|average precision on/).first()).toBeVisible({
      timeout: 200_000,
    });
    await studio.step('Preview');
    await studio.button('Start camera').click();
    await expect(page.getByText(/[1-9][\d.]* (frames|pictures)\/s/).first()).toBeVisible({ timeout: 60_000 });
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await watch(studio, session, CAMERA_MINUTES);
    await studio.button('Stop camera').click();
  });
