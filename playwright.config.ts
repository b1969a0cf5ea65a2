/** End-to-end tests on the built app, served as a host would serve it. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.ts',
  timeout: 180_000,
  expect: { timeout: 15_000 },
  fullyParallel: false,
  // Stories wait for pages more than they compute: two at once on two cores.
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: [['list'], ['json']],
  outputDir: 'test-results/e2e',
  // A trace costs a quarter of the time: `--trace retain-on-failure` when a failure is looked for.
  use: { trace: 'off', screenshot: 'only-on-failure' },
});
