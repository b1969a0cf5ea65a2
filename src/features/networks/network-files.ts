/**
 * Where the files of pretrained networks come from: stored in the database, else served beside the app. Worker thread. Every file is
 * checked against its SHA-256 before it is used or stored.
 */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { formatBytes } from '../../kernel/format.ts';
import { assetAddress } from './asset-base.ts';
import { networkOf, NETWORKS, type Network, type NetworkFile, type NetworkId } from './manifest.ts';

/** Where a network stands on this device. `served` files are beside the app, `stored` ones in the browser. */
export type NetworkStatus = { id: NetworkId; state: 'absent' | 'served' | 'stored' };

/** Where checked files of networks are kept: the database, or what lies beside an exported model. */
export type NetworkStore = Pick<Store, 'loadNetworkFile' | 'saveNetworkFile'>;

async function sha256(bytes: ArrayBuffer): Promise<string> {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Address of a file beside the app, seen from a worker. */
const servedAt = (file: NetworkFile) => assetAddress(`models/${file.path}`);

/** What is wrong with bytes that should be a network's file, in words. */
function describeWrong(bytes: ArrayBuffer, file: NetworkFile | null): string {
  const head = new TextDecoder('latin1').decode(bytes.slice(4, 8));
  const kind = head === 'TFL3' ? 'a TensorFlow Lite file' : 'no network file';
  if (!file) return `It is ${kind}, but none of those this app knows.`;
  if (bytes.byteLength !== file.bytes)
    return `It is ${kind} of ${formatBytes(bytes.byteLength)}, and ${file.path} has ${formatBytes(file.bytes)}: it is another file, or cut off.`;
  return `It has the length of ${file.path} but other content: its checksum differs.`;
}

async function fetchServed(file: NetworkFile): Promise<ArrayBuffer | null> {
  const response = await fetch(servedAt(file)).catch(() => null);
  // A host that answers unknown addresses with its page is no source of networks.
  if (!response?.ok || response.headers.get('content-type')?.includes('text/html')) return null;
  return response.arrayBuffer();
}

/** Looks where each network is, without reading it. */
export async function networkStatus(store: Store): Promise<NetworkStatus[]> {
  return Promise.all(
    NETWORKS.map(async ({ id, files }): Promise<NetworkStatus> => {
      const stored = await Promise.all(files.map((file) => store.hasNetworkFile(file.sha256)));
      if (stored.every(Boolean)) return { id, state: 'stored' };
      const served = await Promise.all(
        files.map(async (file, i) => {
          if (stored[i]) return true;
          const response = await fetch(servedAt(file), { method: 'HEAD' }).catch(() => null);
          return Boolean(response?.ok) && !response!.headers.get('content-type')?.includes('text/html');
        }),
      );
      return { id, state: served.every(Boolean) ? 'served' : 'absent' };
    }),
  );
}

/**
 * The files of a network in the order of the manifest, checked. A served file is also stored, so that it is there without a network.
 * @throws StudioError `network/absent`, `network/wrong-file`.
 */
export async function loadNetwork(store: NetworkStore, id: NetworkId): Promise<ArrayBuffer[]> {
  const network = networkOf(id);
  return Promise.all(
    network.files.map(async (file) => {
      const stored = await store.loadNetworkFile(file.sha256);
      const bytes = stored ? await stored.arrayBuffer() : await fetchServed(file);
      if (!bytes)
        throw new StudioError('network/absent', { message: `The network ${network.title} is not on this device.` });
      // An exported model on a page without https has no checksums: the length is what can be told there.
      const isRight =
        globalThis.isSecureContext === false ? bytes.byteLength === file.bytes : (await sha256(bytes)) === file.sha256;
      if (!isRight)
        throw new StudioError('network/wrong-file', {
          message: `The file of ${network.title} cannot be used. ${describeWrong(bytes, file)}`,
        });
      if (!stored) await store.saveNetworkFile(file.sha256, new Blob([bytes])).catch(() => {});
      return bytes;
    }),
  );
}

/**
 * Stores a file a person chose, whichever network it belongs to.
 * @returns the network, and whether it is complete now. @throws StudioError `network/wrong-file`, `dataset/quota-exceeded`.
 */
export async function storeNetworkFile(
  store: Store,
  blob: Blob,
  name: string,
): Promise<{ id: NetworkId; isComplete: boolean }> {
  const bytes = await blob.arrayBuffer();
  const sum = await sha256(bytes);
  const network = NETWORKS.find(({ files }) => files.some((file) => file.sha256 === sum));
  if (!network) {
    const like = NETWORKS.flatMap(({ files }) => files).find((file) =>
      file.path.endsWith(name.replace(/^.*[\\/]/, '')),
    );
    throw new StudioError('network/wrong-file', {
      message: `${name} cannot be used. ${describeWrong(bytes, like ?? null)}`,
    });
  }
  await store.saveNetworkFile(sum, new Blob([bytes]));
  const has = await Promise.all(network.files.map((file) => store.hasNetworkFile(file.sha256)));
  return { id: network.id, isComplete: has.every(Boolean) };
}

/**
 * Downloads the files that are not stored yet from their pinned addresses, because a person asked for it.
 * @throws StudioError `network/download-failed`, `network/wrong-file`, an AbortError.
 */
export async function downloadNetwork(
  store: Store,
  id: NetworkId,
  signal: AbortSignal,
  onBytes: (done: number, total: number) => void,
): Promise<void> {
  const network: Network = networkOf(id);
  const total = network.files.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  for (const file of network.files) {
    if (await store.hasNetworkFile(file.sha256)) {
      done += file.bytes;
      continue;
    }
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    try {
      const response = await fetch(file.source, { signal });
      if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
      const reader = response.body.getReader();
      for (;;) {
        const { value, done: isEnd } = await reader.read();
        if (isEnd) break;
        chunks.push(value);
        done += value.byteLength;
        onBytes(done, total);
      }
    } catch (cause) {
      throwIfAborted(signal);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StudioError('network/download-failed', { details: { address: file.source, reason }, cause });
    }
    const bytes = await new Blob(chunks).arrayBuffer();
    if ((await sha256(bytes)) !== file.sha256)
      throw new StudioError('network/wrong-file', {
        message: `What was downloaded is not ${network.title}. ${describeWrong(bytes, file)}`,
      });
    await store.saveNetworkFile(file.sha256, new Blob([bytes]));
  }
}

/** Forgets the stored files of a network. */
export async function removeNetwork(store: Store, id: NetworkId): Promise<void> {
  for (const file of networkOf(id).files) await store.removeNetworkFile(file.sha256);
}
