/** What is known of the YAMNet file: where its embedding is and what its classes are called. Any thread; pure. */
import { StudioError } from '../../kernel/errors.ts';
import { OPERATORS, TENSOR_TYPES, TfliteGraph } from '../networks/tflite.ts';

/**
 * YAMNet with its embedding as output: the last operator, which turns the 521 scores into floats, is pointed to the 1024 means before the
 * classifier. Found by structure (EXPERIMENTS §2).
 * @returns the edited file. @throws StudioError `network/wrong-file` when the graph is not YAMNet's.
 */
export function exposeYamnetEmbedding(file: ArrayBuffer): Uint8Array {
  const wrong = (reason: string, cause?: unknown) =>
    new StudioError('network/wrong-file', { message: `This file is not YAMNet: ${reason}.`, cause });
  let graph: TfliteGraph;
  try {
    graph = new TfliteGraph(file);
  } catch (cause) {
    throw wrong('it is no TensorFlow Lite file', cause);
  }
  const operators = graph.operators();
  const last = operators.length - 1;
  const output = operators[last]?.outputs[0];
  if (output === undefined || output !== graph.outputs[0] || operators[last]!.code !== OPERATORS.dequantize)
    throw wrong('its last operator does not give the scores');
  if (graph.tensor(output).shape.join() !== '1,521') throw wrong('it does not have 521 scores');
  const mean = operators.findLast((operator) => operator.code === OPERATORS.mean)?.outputs[0];
  const tensor = mean === undefined ? null : graph.tensor(mean);
  if (!tensor || tensor.shape.join() !== '1,1,1,1024' || tensor.type !== TENSOR_TYPES.int8)
    throw wrong('it has no embedding of 1024 values');
  graph.setInput(last, 0, tensor.index);
  graph.setShape(output, [1, 1024]);
  return graph.bytes;
}

/** Names of the 521 classes: a text file stored behind the network, as metadata of TensorFlow Lite are. @throws StudioError `network/wrong-file`. */
export function yamnetLabels(file: ArrayBuffer): string[] {
  const bytes = new Uint8Array(file);
  const view = new DataView(file);
  // Central directory of the zip at the end of the file.
  for (let at = bytes.length - 22; at >= 0 && at > bytes.length - 65_558; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    let entry = view.getUint32(at + 16, true);
    for (let n = view.getUint16(at + 10, true); n > 0 && view.getUint32(entry, true) === 0x02014b50; n--) {
      const size = view.getUint32(entry + 20, true);
      const nameLength = view.getUint16(entry + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(entry + 46, entry + 46 + nameLength));
      const local = view.getUint32(entry + 42, true);
      if (name === 'yamnet_label_list.txt' && view.getUint16(entry + 10, true) === 0) {
        const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        const labels = new TextDecoder()
          .decode(bytes.subarray(from, from + size))
          .split(/\r?\n/)
          .filter(Boolean);
        if (labels.length === 521) return labels;
      }
      entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
    }
  }
  throw new StudioError('network/wrong-file', { message: 'This file is not YAMNet: it has no list of 521 classes.' });
}
