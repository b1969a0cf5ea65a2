/** Content identity of files of any size with constant memory. Any thread. */

const CHUNK_BYTES = 8 * 2 ** 20;

/** Lower-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/**
 * Identity of a blob's content: SHA-256 over the SHA-256 digests of its 8 MiB chunks, so that a file of hours is never
 * wholly in memory (`crypto.subtle` has no incremental digest).
 * @returns 64 hex characters; equal exactly when the bytes are equal.
 */
export async function hashBlob(blob: Blob): Promise<string> {
  const digests: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < Math.max(1, blob.size); start += CHUNK_BYTES) {
    const chunk = await blob.slice(start, start + CHUNK_BYTES).arrayBuffer();
    digests.push(new Uint8Array(await crypto.subtle.digest('SHA-256', chunk)));
  }
  const joined = new Uint8Array(digests.length * 32);
  digests.forEach((digest, i) => joined.set(digest, i * 32));
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', joined)));
}
