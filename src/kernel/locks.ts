/** Locks across tabs and threads (Web Locks). Any thread. Where the browser has none, work runs as if it held them. */

/** Locks of the browser; null where there are none. */
export const browserLocks = (): LockManager | null => globalThis.navigator?.locks ?? null;

/**
 * Runs `work` while holding the lock `name`; waits for it first.
 * @param work gets a signal that is aborted when the lock is taken away: it must not write any more then.
 */
export async function holding<T>(
  name: string,
  work: (lost: AbortSignal) => Promise<T>,
  locks: LockManager | null = browserLocks(),
): Promise<T> {
  const lost = new AbortController();
  if (!locks) return work(lost.signal);
  let result: Promise<T> | null = null;
  try {
    return await locks.request(name, () => (result = work(lost.signal)));
  } catch (error) {
    if (!result) throw error;
    // Taken away, or failed: the work says which.
    lost.abort();
    return result;
  }
}

/** Waits until nobody holds the lock `name`; after `mostMs` it is taken away from whoever has it. */
export async function waitFree(
  name: string,
  mostMs: number,
  locks: LockManager | null = browserLocks(),
): Promise<void> {
  if (!locks) return;
  try {
    await locks.request(name, { signal: AbortSignal.timeout(mostMs) }, async () => {});
  } catch {
    await locks.request(name, { steal: true }, async () => {});
  }
}
