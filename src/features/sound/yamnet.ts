/** What is known of the YAMNet file: where its embedding is and what its classes are called. Any thread; pure. */
import { StudioError } from '../../kernel/errors.ts';
import { OPERATORS, readLabels, TENSOR_TYPES, TfliteGraph } from '../networks/tflite.ts';

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

/** Names of the 521 classes. @throws StudioError `network/wrong-file`. */
export function yamnetLabels(file: ArrayBuffer): string[] {
  const labels = readLabels(file, 'yamnet_label_list.txt')?.filter(Boolean);
  if (labels?.length !== 521)
    throw new StudioError('network/wrong-file', { message: 'This file is not YAMNet: it has no list of 521 classes.' });
  return labels;
}
