/** Checks for conditions that only a bug can break. Any thread. */

/** Throws an Error (shown as `bug`) when `condition` is false. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}

/** The value, or an error naming what is missing. For lookups that cannot fail unless there is a bug. */
export function required<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, `${what} is missing`);
  return value;
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Error(`Unexpected value: ${String(value)}`);
}
