/**
 * Giving the thread back so that messages (abort, frames) get through. Any thread. MessageChannel rather than a timer or
 * an animation frame: about 240 000 per second, also in hidden tabs (ENGINEERING 3.4).
 */

/** Resolves in a new task, as soon as messages that already wait were handled. */
export function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}
