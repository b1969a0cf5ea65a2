/** Page objects and fixtures of the end-to-end tests: a fresh profile, the built app, a microphone that plays a file. */
import { test as base, chromium, expect, type BrowserContext, type Page } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error -- a plain script of tools/
import { serve } from '../../../tools/serve.mjs';

/** The app as a person uses it, by the accessible names of DESIGN §7. */
export class StudioPage {
  readonly page: Page;
  readonly url: string;
  readonly problems: string[] = [];

  constructor(page: Page, url: string) {
    this.page = page;
    this.url = url;
    page.on('pageerror', (error) => this.problems.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const address = request.url();
      if (!address.startsWith(url) && !/^(blob|data):/.test(address)) this.problems.push(`left the origin: ${address}`);
    });
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  async open(path = ''): Promise<void> {
    await this.page.goto(this.url + path);
  }

  async newProject(name: string): Promise<void> {
    await this.open();
    await this.button('New Sound classification project').click();
    await this.page.getByRole('textbox', { name: 'Project name' }).fill(name);
    await this.button('Create project').click();
    await expect(this.page.getByRole('heading', { level: 1, name })).toBeVisible();
  }

  async step(name: 'Data' | 'Train' | 'Evaluate' | 'Preview' | 'Export'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Project steps' }).getByRole('link', { name }).click();
    await expect(this.page.getByRole('region', { name, exact: true })).toBeVisible();
  }

  async addClass(name: string): Promise<void> {
    await this.page.getByRole('complementary', { name: 'Classes' }).getByRole('button', { name: 'Add class' }).click();
    await this.page.getByRole('textbox', { name: 'Class name' }).fill(name);
    await this.page.keyboard.press('Enter');
    await expect(this.button(`${name} 0`)).toBeVisible();
  }

  async importFolder(folder: string): Promise<void> {
    await this.page.getByTestId('folder').setInputFiles(folder);
    await expect(this.page.getByRole('region', { name: 'Import report' })).toBeVisible({ timeout: 60_000 });
  }

  async importFiles(files: Parameters<ReturnType<Page['getByTestId']>['setInputFiles']>[0]): Promise<void> {
    await this.page.getByTestId('files').setInputFiles(files);
    await expect(this.page.getByRole('region', { name: 'Import report' })).toBeVisible({ timeout: 60_000 });
  }

  async closeReport(): Promise<void> {
    await this.page.getByRole('region', { name: 'Import report' }).getByRole('button', { name: 'Close' }).click();
  }

  async divide(): Promise<void> {
    await this.button('Divide…').click();
    await this.page.getByRole('dialog', { name: 'Divide the clips' }).getByRole('button', { name: 'Divide' }).click();
    await expect(this.page.getByRole('status', { name: 'Saved' })).toBeVisible();
  }

  /** Sets a fixed number of iterations on the Train page. */
  async iterations(count: number): Promise<void> {
    const field = this.page.getByRole('spinbutton', { name: 'Iterations, exact' });
    await field.fill(String(count));
    await field.press('Tab');
  }

  async train(): Promise<void> {
    await this.button('Train').click();
    await expect(this.page.getByText(/of (test|validation) clips right/)).toBeVisible({ timeout: 150_000 });
  }
}

type Fixtures = {
  studio: StudioPage;
  context: BrowserContext;
  server: { url: string };
  microphone: string;
  folder: string;
  isDenied: boolean;
  launchArgs: string[];
};

/** `microphone`: WAV file that plays the fake microphone; `isDenied`: the browser refuses it. */
export const test = base.extend<Fixtures>({
  microphone: ['', { option: true }],
  isDenied: [false, { option: true }],
  launchArgs: [[], { option: true }],
  server: async ({}, use) => {
    const server = (await serve('dist')) as { url: string; close(): Promise<void> };
    await use(server);
    await server.close();
  },
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'understudy-e2e-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  context: async ({ microphone, isDenied, launchArgs }, use) => {
    const profile = mkdtempSync(join(tmpdir(), 'understudy-profile-'));
    const context = await chromium.launchPersistentContext(profile, {
      ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
      viewport: { width: 1440, height: 900 },
      acceptDownloads: true,
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--use-fake-device-for-media-stream',
        ...(isDenied ? ['--deny-permission-prompts'] : ['--use-fake-ui-for-media-stream']),
        ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []),
        ...launchArgs,
      ],
    });
    context.setDefaultTimeout(20_000);
    await use(context);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  },
  studio: async ({ context, server }, use, info) => {
    const page = context.pages()[0] ?? (await context.newPage());
    const studio = new StudioPage(page, server.url);
    await use(studio);
    // A log is often all that is left of a failure: what the page said is in it.
    if (info.status !== info.expectedStatus && !page.isClosed())
      console.log(await page.locator('body').ariaSnapshot({ timeout: 5000 }).catch(String));
    expect(studio.problems, 'errors on the page, or requests that left the origin').toEqual([]);
  },
});

export { expect };
