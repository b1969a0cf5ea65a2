/** A sound card that plays to nowhere, for one test: Firefox starts no audio without one. Needs pulseaudio (npm run test:browsers installs it). */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from './driver.ts';

export const SOUND_CARD = existsSync('/usr/bin/pulseaudio');

/** @returns what a browser's environment needs, and what ends the card; nothing where there is none. */
export async function openSoundCard(): Promise<{ env: Record<string, string>; close(): void }> {
  if (!SOUND_CARD) return { env: {}, close: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'understudy-sound-'));
  const socket = join(folder, 'card');
  const card = spawn(
    '/usr/bin/pulseaudio',
    [
      ...['-n', '--exit-idle-time=-1', '--disallow-exit', '--use-pid-file=no', '--daemonize=no'],
      ...['-L', 'module-null-sink rate=48000', '-L', `module-native-protocol-unix socket=${socket} auth-anonymous=1`],
    ],
    { env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder }, stdio: 'ignore' },
  );
  for (let i = 0; i < 50 && !existsSync(socket); i++) await sleep(100);
  return {
    env: { PULSE_SERVER: `unix:${socket}` },
    close() {
      card.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 4, retryDelay: 100 });
    },
  };
}
