/** What the app has stored, as plain values, for tests. Runs in the page. */
import type { Page } from '@playwright/test';

/** Every record of the named stores, keyed; files and arrays become a text of type, length and SHA-256. */
export function dumpDatabase(page: Page, stores: string[]): Promise<Record<string, Record<string, unknown>>> {
  return page.evaluate(async (names) => {
    const open = indexedDB.open('understudy');
    const db = await new Promise<IDBDatabase>((resolve) => (open.onsuccess = () => resolve(open.result)));
    const ask = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
    const digest = async (bytes: ArrayBuffer) =>
      [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('');
    const plain = async (value: unknown): Promise<unknown> => {
      if (value instanceof Blob) return `blob ${value.type} ${value.size} ${await digest(await value.arrayBuffer())}`;
      if (value instanceof ArrayBuffer) return `buffer ${value.byteLength} ${await digest(value)}`;
      if (ArrayBuffer.isView(value)) {
        const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
        return `${value.constructor.name} ${value.byteLength} ${await digest(bytes.buffer)}`;
      }
      if (Array.isArray(value)) return Promise.all(value.map(plain));
      if (value && typeof value === 'object')
        return Object.fromEntries(
          await Promise.all(Object.entries(value).map(async ([key, entry]) => [key, await plain(entry)] as const)),
        );
      return value;
    };
    const result: Record<string, Record<string, unknown>> = {};
    for (const name of names) {
      const [keys, values] = await Promise.all([
        ask(db.transaction(name).objectStore(name).getAllKeys()),
        ask(db.transaction(name).objectStore(name).getAll()),
      ]);
      result[name] = {};
      for (const [i, key] of keys.entries()) result[name][JSON.stringify(key)] = await plain(values[i]);
    }
    db.close();
    return result;
  }, stores);
}
