/**
 * The float MobileNetV2 (width 0.35, ImageNet) that detectors are fine-tuned from: a zip with a TensorFlow.js layers model, whose pooling and classes are left
 * out. Worker thread.
 * @see Sandler et al. 2018, MobileNetV2, table 2
 */
import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { StudioError } from '../../kernel/errors.ts';
import { loadNetwork, type NetworkStore } from './network-files.ts';

configure({ useWebWorkers: false });

/** A convolution with its batch normalisation folded in: `kernel` in the shape of the layer, `bias` per output channel. */
export type FoldedConvolution = { kernel: Float32Array; shape: number[]; bias: Float32Array };

/** Folded convolutions by the name of their layer in Keras: `Conv1`, `expanded_conv_depthwise`, `block_1_expand`, … */
export type Backbone = ReadonlyMap<string, FoldedConvolution>;

/** Added to variances, as in every batch normalisation of the file. */
const EPSILON = 1e-3;

/** @throws StudioError `network/absent`, `network/wrong-file`, `network/failed`. */
export async function loadBackbone(store: NetworkStore): Promise<Backbone> {
  const [file] = await loadNetwork(store, 'mobilenet-v2');
  return readBackbone(file!);
}

/** The file of that network as it stands: its topology, and its weights in their order. @throws StudioError `network/failed`. */
export async function readLayers(
  file: ArrayBuffer,
): Promise<{ topology: unknown; weights: { name: string; shape: number[]; values: Float32Array }[] }> {
  const files = new Map<string, Uint8Array>();
  const reader = new ZipReader(new Uint8ArrayReader(new Uint8Array(file)));
  for (const entry of await reader.getEntries())
    if (!entry.directory) files.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  const [description, bytes] = [files.get('model.json'), files.get('weights.bin')];
  if (!description || !bytes) throw new StudioError('network/failed', { details: { reason: 'no model in the zip' } });
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(description)) as {
    modelTopology: unknown;
    weightsManifest: { weights: { name: string; shape: number[] }[] }[];
  };
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  let at = 0;
  const weights = weightsManifest
    .flatMap((group) => group.weights)
    .map(({ name, shape }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      at += size;
      return { name, shape, values: floats.subarray(at - size, at) };
    });
  return { topology: modelTopology, weights };
}

/** Its convolutions, batch normalisation folded in. @throws StudioError `network/failed`. */
export async function readBackbone(file: ArrayBuffer): Promise<Backbone> {
  const layers = await readLayers(file);
  const weights = new Map(layers.weights.map((one) => [one.name, one]));
  const backbone = new Map<string, FoldedConvolution>();
  for (const [name, { values, shape }] of weights) {
    const [, layer, isDepthwise] = /^(.+)\/(depthwise_)?kernel$/.exec(name) ?? [];
    const norm = layer === 'Conv1' ? 'bn_Conv1' : layer === 'Conv_1' ? 'Conv_1_bn' : `${layer}_BN`;
    const gamma = weights.get(`${norm}/gamma`)?.values;
    // The demo's own classes have no normalisation.
    if (!layer || !gamma) continue;
    const part = (key: string) => weights.get(`${norm}/${key}`)!.values;
    const [beta, mean, variance] = [part('beta'), part('moving_mean'), part('moving_variance')];
    const factor = gamma.map((scale, c) => scale / Math.sqrt(variance[c]! + EPSILON));
    backbone.set(layer, {
      shape,
      // Output channels lie last, or last but one of a depthwise kernel, whose last side is 1: the same place.
      kernel: values.map((value, i) => value * factor[i % factor.length]!),
      bias: beta.map((shift, c) => shift - mean[c]! * factor[c]!),
    });
    if (isDepthwise && shape[3] !== 1) throw new StudioError('network/failed', { details: { reason: name } });
  }
  return backbone;
}
