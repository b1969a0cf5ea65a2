/** The worker's side of the thread boundary: one `try` around every job, typed errors, cooperative abort. Worker thread. */
import { StudioError, toWireError } from '../kernel/errors.ts';
import type { Contract, FromWorker, Jobs, Port, ToWorker } from './contract.ts';

/**
 * Answers calls on `port` with `jobs`. Jobs run concurrently; a job that must not overlap serialises itself.
 * @param protocol version of the app this worker was built with.
 */
export function serve<C extends Contract>(port: Port, jobs: Jobs<C>, protocol: string): void {
  const running = new Map<number, AbortController>();
  const post = (message: FromWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer);

  async function run(id: number, method: string, args: unknown): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const buffers: Transferable[] = [];
    try {
      const job = jobs[method];
      if (!job) throw new StudioError('worker/version-mismatch', { details: { method } });
      const value = await job(args, {
        signal: controller.signal,
        progress: (report, transfer) => {
          if (!controller.signal.aborted) post({ kind: 'progress', id, value: report }, transfer);
        },
        transfer: (...more) => void buffers.push(...more),
      });
      post({ kind: 'done', id, value }, buffers);
    } catch (error) {
      post({ kind: 'failed', id, error: toWireError(error) });
    } finally {
      running.delete(id);
    }
  }

  port.addEventListener('message', (event) => {
    const message = (event as MessageEvent<ToWorker>).data;
    if (message.kind === 'call') void run(message.id, message.method, message.args);
    else if (message.kind === 'abort') running.get(message.id)?.abort();
    else if (message.kind === 'ping') post({ kind: 'pong' });
    else if (message.kind === 'hello') post({ kind: 'hello', protocol });
  });
}
