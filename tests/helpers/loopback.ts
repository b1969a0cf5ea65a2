/** Two ports joined in one thread that copy messages as postMessage does: structured clone, transfer list, later. */
import type { Port } from '../../src/rpc/contract.ts';

type LoopbackPort = Port & { terminate(): void; emit(type: string, event: object): void; isTerminated: boolean };

function makePort(): LoopbackPort & { other: LoopbackPort | null } {
  const target = new EventTarget();
  const port = {
    other: null as LoopbackPort | null,
    isTerminated: false,
    postMessage(message: unknown, transfer: Transferable[]) {
      const copy = structuredClone(message, { transfer });
      queueMicrotask(() => {
        if (!port.isTerminated) port.other?.emit('message', { data: copy });
      });
    },
    addEventListener: (type: string, listener: EventListener) => target.addEventListener(type, listener),
    emit(type: string, event: object) {
      target.dispatchEvent(Object.assign(new Event(type), event));
    },
    terminate() {
      port.isTerminated = true;
    },
  };
  return port;
}

/** @returns the page's end (a worker to it) and the worker's end. */
export function loopback(): { page: LoopbackPort; worker: LoopbackPort } {
  const page = makePort();
  const worker = makePort();
  page.other = worker;
  worker.other = page;
  return { page, worker };
}
