/** SSD-MobileNet's maps (vision-network.ts) as steps of a graph. Any thread; pure. */
import { FormatError, insert, readTflite, type GraphBuilder } from '../../formats/index.ts';
import { SSD_CHANNELS } from './spec.ts';

/**
 * @param pixels side of the square. @param file as it was published; its backbone takes any side that is a multiple of 32.
 * @returns the input, bytes of shape [1, pixels, pixels, 3], and the maps at strides 8, 16 and 32 as the numbers 0 to 255 that they are in `extract`.
 * @throws FormatError when the file is another.
 */
export function addSsdMaps(
  builder: GraphBuilder,
  pixels: number,
  file: ArrayBuffer,
): { input: number; maps: number[] } {
  const graph = readTflite(new Uint8Array(file), true);
  const wanted = [38, 19, 10].map((side, i) => {
    const shape = [1, side, side, SSD_CHANNELS[i]!].join();
    // The last layer of its size: later ones lead to the network's own boxes.
    const node = graph.nodes.findLast(({ output }) => graph.values[output]!.shape.join() === shape);
    if (!node) throw new FormatError(`no map of ${shape}`);
    return node.output;
  });
  const { type, quantisation } = graph.values[graph.inputs[0]!]!;
  const input = builder.input('picture', [1, pixels, pixels, 3], type, quantisation);
  const places = insert(builder, graph, [input], wanted);
  const maps = wanted.map((place) => {
    const at = places.get(place)!;
    const { scales, zeroPoints } = builder.value(at).quantisation!;
    const real = builder.apply({ op: 'dequantise' }, [at]);
    const bytes = builder.apply({ op: 'mul' }, [real, builder.scalar(1 / scales[0]!)]);
    return zeroPoints[0] ? builder.apply({ op: 'add' }, [bytes, builder.scalar(zeroPoints[0])]) : bytes;
  });
  return { input, maps };
}
