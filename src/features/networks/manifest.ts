/** The pretrained networks the product knows. Any thread. Adding one is an entry in networks.json and an adapter that uses it. */
import * as v from 'valibot';
import entries from './networks.json';

const NetworkSchema = v.strictObject({
  id: v.picklist(['yamnet', 'mn04', 'speech-embedding', 'blazepose', 'ssd-mobilenet', 'mobilenet-v2']),
  title: v.string(),
  purpose: v.string(),
  publisher: v.string(),
  licence: v.string(),
  files: v.pipe(
    v.array(
      v.strictObject({
        path: v.pipe(v.string(), v.regex(/^[\w-]+(\/[\w-]+)?\.(tflite|onnx|zip|pt)$/)),
        bytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
        source: v.pipe(v.string(), v.url(), v.regex(/^https:\/\/(raw\.githubusercontent\.com|cdn\.jsdelivr\.net)\//)),
        /** Path under node_modules: npm brings this file, so it is always beside the app. */
        package: v.optional(v.string()),
      }),
    ),
    v.minLength(1),
  ),
});

/** One network: what a person is told before it is fetched, and the files it consists of. */
export type Network = v.InferOutput<typeof NetworkSchema>;
/** One file of a network; `sha256` in hex. */
export type NetworkFile = Network['files'][number];
/** Name of a network. */
export type NetworkId = Network['id'];
/** Networks whose embeddings sounds are learnt on. */
export type EmbeddingNetworkId = 'yamnet' | 'mn04' | 'speech-embedding';

/** Checked when the module loads: a wrong entry is a bug and fails at once. */
export const NETWORKS: readonly Network[] = v.parse(v.array(NetworkSchema), entries);

/** The network of that name. */
export function networkOf(id: NetworkId): Network {
  return NETWORKS.find((network) => network.id === id)!;
}
