/** The only place that reads the clock and draws identifiers, so tests can replace both. Any thread. */

/** Milliseconds since 1970, for records. */
export function nowMs(): number {
  return Date.now();
}

/** Milliseconds that only grow, for what took how long: the clock of a device may be set meanwhile. */
export function elapsedMs(): number {
  return performance.now();
}

/** A new identifier: 16 characters of [0-9a-v], random, safe in addresses and file names. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = '';
  for (const byte of bytes) id += (byte & 31).toString(32);
  return id;
}
