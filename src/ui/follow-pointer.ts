/** Follows a pointer until it is lifted. Main thread. The element keeps the pointer, so that listeners go when it goes. */

/** @param onmove each movement. @param onend the pointer was lifted; `isCancelled`: the browser took it away. */
export function followPointer(
  event: PointerEvent,
  onmove: (moved: PointerEvent) => void,
  onend: (isCancelled: boolean) => void,
): void {
  const element = event.currentTarget as HTMLElement;
  const ended = new AbortController();
  const { signal } = ended;
  const mine = (other: PointerEvent) => other.pointerId === event.pointerId;
  const end = (isCancelled: boolean) => {
    ended.abort();
    onend(isCancelled);
  };
  element.setPointerCapture(event.pointerId);
  element.addEventListener('pointermove', (moved) => mine(moved) && onmove(moved), { signal });
  element.addEventListener('pointerup', (up) => mine(up) && end(false), { signal });
  element.addEventListener('pointercancel', (gone) => mine(gone) && end(true), { signal });
}
