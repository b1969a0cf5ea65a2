/** What stands before a sound model, as steps of a graph: samples in, log-mel rows or YAMNet's embedding out. Any thread; pure. */
import { EXACT, FormatError, insert, readTflite, sizeOf, type GraphBuilder } from '../../formats/index.ts';
import { logMelMatrices } from './log-mel.ts';
import { LOG_MEL_SPEC } from './spec.ts';

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * Overlapping frames of a signal, taken by index.
 * @param samples value of shape [(frames − 1) × hop + length]. @returns value of shape [frames, length].
 */
export function addFrames(builder: GraphBuilder, samples: number, frames: number, length: number, hop: number): number {
  const block = greatestDivisor(length, hop);
  const count = sizeOf(builder.value(samples).shape);
  const blocks = builder.reshape(samples, [count / block, block]);
  const perFrame = length / block;
  const indices = Int32Array.from(
    { length: frames * perFrame },
    (_, i) => Math.floor(i / perFrame) * (hop / block) + (i % perFrame),
  );
  const gathered = builder.apply({ op: 'gather' }, [
    blocks,
    builder.constant(indices, [frames, perFrame], `${EXACT}frames`),
  ]);
  return builder.reshape(gathered, [frames, length]);
}

/** Log-mel rows (log-mel.ts) of a window. @param samples value of its samples in −1..1. @returns value of shape [frames, 64]. */
export function addLogMel(builder: GraphBuilder, samples: number, frames: number): number {
  const { windowSamples, hopSamples, fftSize, bandCount, logOffset } = LOG_MEL_SPEC;
  const { hann, mel } = logMelMatrices();
  const cut = addFrames(builder, samples, frames, windowSamples, hopSamples);
  const windowed = builder.apply({ op: 'mul' }, [cut, builder.constant(hann, [windowSamples], `${EXACT}hann`)]);
  const padded = builder.apply({ op: 'pad', before: [0, 0], after: [0, fftSize - windowSamples] }, [windowed]);
  const spectrum = builder.apply({ op: 'magnitude' }, [padded]);
  const bins = fftSize / 2 + 1;
  const bands = builder.dense(
    spectrum,
    builder.constant(mel, [bandCount, bins], `${EXACT}mel`),
    builder.constant(new Float32Array(bandCount).fill(logOffset), [bandCount], `${EXACT}offset`),
  );
  return builder.apply({ op: 'log' }, [bands], { name: 'log_mel' });
}

/** YAMNet's embedding. @param samples value of shape [15600]. @returns value of shape [1, 1024]. @throws FormatError when the file is another. */
export function addYamnet(builder: GraphBuilder, samples: number, file: ArrayBuffer): number {
  const graph = readTflite(new Uint8Array(file));
  const pooled = graph.nodes.findLast(({ operation }) => operation.op === 'reduce')?.output;
  if (pooled === undefined || sizeOf(graph.values[pooled]!.shape) !== 1024) throw new FormatError('it is not YAMNet');
  const given = builder.reshape(samples, graph.values[graph.inputs[0]!]!.shape);
  const at = insert(builder, graph, [given], [pooled]).get(pooled)!;
  const real = builder.apply({ op: 'dequantise' }, [at], { name: 'embedding' });
  return builder.reshape(real, [1, 1024]);
}
