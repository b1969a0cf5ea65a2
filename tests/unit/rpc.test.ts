/** rpc: a call settles exactly once, whatever happens. */
import { describe, expect, it, vi } from 'vitest';
import { isAbort, StudioError } from '../../src/kernel/errors.ts';
import { WorkerClient, type ClientTimes } from '../../src/rpc/client.ts';
import { serve } from '../../src/rpc/serve.ts';
import { loopback } from '../helpers/loopback.ts';

type TestContract = {
  double: { args: { value: number }; progress: number; result: number };
  fail: { args: null; progress: never; result: never };
  wait: { args: null; progress: number; result: string };
  deaf: { args: null; progress: never; result: never };
  take: { args: { buffer: ArrayBuffer }; progress: never; result: ArrayBuffer };
};

function setup(protocol = 'v1', times: Partial<ClientTimes> = {}) {
  let spawned = 0;
  const ends: ReturnType<typeof loopback>[] = [];
  const client = new WorkerClient<TestContract>(
    () => {
      spawned++;
      const end = loopback();
      ends.push(end);
      serve<TestContract>(
        end.worker,
        {
          double: async ({ value }, { progress }) => {
            progress(value);
            return value * 2;
          },
          fail: async () => {
            throw new StudioError('media/empty-file', { details: { n: 1 } });
          },
          wait: (_args, { signal, progress }) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                progress(99);
                resolve('late');
              });
            }),
          deaf: () => new Promise(() => {}),
          take: async ({ buffer }, { transfer }) => {
            transfer(buffer);
            return buffer;
          },
        },
        protocol,
      );
      return end.page;
    },
    'v1',
    times,
  );
  return { client, ends, spawned: () => spawned };
}

describe('a call', () => {
  it('returns a result after its progress', async () => {
    const { client } = setup();
    const seen: number[] = [];
    expect(await client.call('double', { value: 21 }, { onProgress: (value) => seen.push(value) })).toBe(42);
    expect(seen).toEqual([21]);
    expect(client.pendingCount).toBe(0);
  });
  it('rejects with the typed error of the job', async () => {
    const { client } = setup();
    await expect(client.call('fail', null)).rejects.toMatchObject({ code: 'media/empty-file', details: { n: 1 } });
    expect(client.pendingCount).toBe(0);
  });
  it('ends at once when aborted and drops what comes late', async () => {
    const { client } = setup();
    const controller = new AbortController();
    const seen: number[] = [];
    const call = client.call('wait', null, { signal: controller.signal, onProgress: (value) => seen.push(value) });
    controller.abort();
    expect(isAbort(await call.catch((error: unknown) => error))).toBe(true);
    await vi.waitFor(() => expect(client.pendingCount).toBe(0));
    expect(seen).toEqual([]);
  });
  it('is not made when its signal is already aborted', async () => {
    const { client, spawned } = setup();
    expect(
      isAbort(
        await client.call('double', { value: 1 }, { signal: AbortSignal.abort() }).catch((error: unknown) => error),
      ),
    ).toBe(true);
    expect(spawned()).toBe(0);
  });
  it('fails as a crash when the worker dies, and the next one starts a new worker', async () => {
    const { client, ends, spawned } = setup();
    const call = client.call('wait', null);
    ends[0]!.page.emit('error', { message: 'boom' });
    await expect(call).rejects.toMatchObject({ code: 'worker/crashed', details: { reason: 'boom' } });
    expect(client.pendingCount).toBe(0);
    expect(await client.call('double', { value: 2 })).toBe(4);
    expect(spawned()).toBe(2);
  });
  it('fails when a message cannot be decoded', async () => {
    const { client, ends } = setup();
    const call = client.call('wait', null);
    ends[0]!.page.emit('messageerror', {});
    await expect(call).rejects.toMatchObject({ code: 'worker/crashed' });
  });
  it('fails when its arguments cannot be cloned', async () => {
    const { client } = setup();
    await expect(client.call('double', { value: (() => 1) as never })).rejects.toThrow();
    expect(client.pendingCount).toBe(0);
  });
  it('replaces a worker that does not answer a cancel', async () => {
    vi.useFakeTimers();
    try {
      const { client, ends } = setup();
      const controller = new AbortController();
      const call = client.call('deaf', null, { signal: controller.signal }).catch((error: unknown) => error);
      controller.abort();
      expect(isAbort(await call)).toBe(true);
      await vi.advanceTimersByTimeAsync(2100);
      expect(ends[0]!.page.isTerminated).toBe(true);
      expect(client.pendingCount).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
  it('moves buffers both ways', async () => {
    const { client } = setup();
    const buffer = new ArrayBuffer(8);
    const back = await client.call('take', { buffer }, { transfer: [buffer] });
    expect(buffer.byteLength).toBe(0);
    expect(back.byteLength).toBe(8);
  });
  it('asks for a reload when page and worker are of different builds', async () => {
    const { client } = setup('v2');
    await expect(client.call('wait', null)).rejects.toMatchObject({ code: 'worker/version-mismatch' });
  });
  it('is ended by close', async () => {
    const { client } = setup();
    const call = client.call('wait', null);
    client.close();
    expect(isAbort(await call.catch((error: unknown) => error))).toBe(true);
  });
  it('leaves the other calls of a worker alone when one does not answer its cancel', async () => {
    vi.useFakeTimers();
    try {
      const { client, ends } = setup();
      const [one, two] = [new AbortController(), new AbortController()];
      const other = client.call('wait', null, { signal: two.signal });
      const ended = vi.fn();
      other.then(ended, ended);
      const deaf = client.call('deaf', null, { signal: one.signal }).catch((error: unknown) => error);
      one.abort();
      expect(isAbort(await deaf)).toBe(true);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(ended).not.toHaveBeenCalled();
      expect(ends[0]!.page.isTerminated).toBe(false);
      expect(await client.call('double', { value: 3 })).toBe(6);
      two.abort();
      await vi.advanceTimersByTimeAsync(3000);
      // Nothing is left in it but what does not stop.
      expect(ends[0]!.page.isTerminated).toBe(true);
      expect(client.pendingCount).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the watchdog', () => {
  it('ends a worker that hangs, and says so; one that is only slow goes on', async () => {
    vi.useFakeTimers();
    try {
      const { client, ends, spawned } = setup('v1', { hangMs: 5000 });
      const slow = client.call('deaf', null).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(60_000);
      // It answers every question whether it is alive.
      expect(client.pendingCount).toBe(1);
      // A loop without end answers nothing.
      ends[0]!.worker.terminate();
      await vi.advanceTimersByTimeAsync(8000);
      expect(await slow).toMatchObject({ code: 'worker/hung' });
      expect(ends[0]!.page.isTerminated).toBe(true);
      expect(await client.call('double', { value: 2 })).toBe(4);
      expect(spawned()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
  it('lets a worker go that has nothing to do, and starts another when there is', async () => {
    vi.useFakeTimers();
    try {
      const { client, ends, spawned } = setup('v1', { idleMs: 1000 });
      await client.call('double', { value: 2 });
      await vi.advanceTimersByTimeAsync(900);
      expect(await client.call('double', { value: 3 })).toBe(6);
      await vi.advanceTimersByTimeAsync(900);
      expect(ends[0]!.page.isTerminated).toBe(false);
      await vi.advanceTimersByTimeAsync(200);
      expect(ends[0]!.page.isTerminated).toBe(true);
      expect(await client.call('double', { value: 4 })).toBe(8);
      expect(spawned()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
});
