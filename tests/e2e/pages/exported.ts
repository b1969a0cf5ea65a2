/** An exported model as people open it: one file from disk. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { pathToFileURL } from 'node:url';

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
