/** Runs a graph on TensorFlow.js: models that come from files of other formats. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import { toFloat, type Graph, type Node } from '../formats/index.ts';

/** See the file header. Owns its constants. */
export class GraphRunner implements Disposable {
  readonly #graph: Graph;
  readonly #constants = new Map<number, tf.Tensor>();

  /** @param graph of any kind; quantised values are computed as whole numbers. The backend must be ready. */
  constructor(graph: Graph) {
    this.#graph = toFloat(graph);
    const kernels = new Map<number, 'conv' | 'depthwise'>();
    for (const { operation, inputs } of this.#graph.nodes)
      if (operation.op === 'conv' || operation.op === 'depthwise') kernels.set(inputs[1]!, operation.op);
    this.#graph.values.forEach(({ values, shape }, i) => {
      if (!values) return;
      const kind = kernels.get(i);
      const made = tf.tidy(() => {
        const plain = tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
        // [out, height, width, in] and [1, height, width, channels], as TensorFlow.js has them.
        return kind ? tf.transpose(plain, [1, 2, 3, 0]) : plain;
      });
      this.#constants.set(i, made);
    });
  }

  /** Sides of its input. */
  get inputShape(): readonly number[] {
    return this.#graph.values[this.#graph.inputs[0]!]!.shape;
  }

  /** @param input borrowed. @param wanted names of more values than the outputs. @returns them and the outputs by name; owned by the caller. */
  async run(input: ArrayLike<number>, wanted: readonly string[] = []): Promise<Map<string, Float32Array>> {
    const { values, nodes, outputs, inputs } = this.#graph;
    const names = new Set([...wanted, ...outputs.map((at) => values[at]!.name)]);
    const results = tf.tidy(() => {
      const known = new Map<number, tf.Tensor>();
      known.set(inputs[0]!, tf.tensor(Float32Array.from(input), [...this.inputShape]));
      /** Places where a value is read last: it is given up there. */
      const last = new Map<number, number>();
      nodes.forEach(({ inputs: from }, i) => from.forEach((at) => last.set(at, i)));
      const kept: Record<string, tf.Tensor> = {};
      nodes.forEach((node, i) => {
        const from = node.inputs.map((at) => (this.#constants.get(at) ?? known.get(at))!);
        const made = tf.tidy(() => compute(node, from, values[node.output]!.shape));
        known.set(node.output, made);
        const { name } = values[node.output]!;
        if (names.has(name)) kept[name] = made;
        for (const at of node.inputs) {
          const old = known.get(at);
          if (last.get(at) === i && old && !Object.values(kept).includes(old)) {
            old.dispose();
            known.delete(at);
          }
        }
      });
      return kept;
    }) as Record<string, tf.Tensor>;
    try {
      const found = new Map<string, Float32Array>();
      for (const [name, tensor] of Object.entries(results)) found.set(name, Float32Array.from(await tensor.data()));
      return found;
    } finally {
      tf.dispose(results);
    }
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#constants.values()) tensor.dispose();
  }
}

function compute({ operation }: Node, from: readonly tf.Tensor[], shape: readonly number[]): tf.Tensor {
  const [x, y, z] = from as [tf.Tensor, tf.Tensor, tf.Tensor];
  const activate = (value: tf.Tensor, activation: string) =>
    activation === 'relu' ? tf.relu(value) : activation === 'relu6' ? tf.relu6(value) : value;
  switch (operation.op) {
    case 'conv':
    case 'depthwise': {
      const run = operation.op === 'conv' ? tf.conv2d : tf.depthwiseConv2d;
      const map = run(x as tf.Tensor4D, y as tf.Tensor4D, operation.strides as [number, number], operation.padding);
      return activate(tf.add(map, z), operation.activation);
    }
    case 'dense': {
      const rows = tf.reshape(x, [-1, x.shape.at(-1)!]);
      return activate(tf.reshape(tf.add(tf.matMul(rows, y, false, true), z), [...shape]), operation.activation);
    }
    case 'add':
      return tf.add(x, y);
    case 'sub':
      return tf.sub(x, y);
    case 'mul':
      return tf.mul(x, y);
    case 'div':
      return tf.div(x, y);
    case 'max':
      return tf.maximum(x, y);
    case 'min':
      return tf.minimum(x, y);
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'exp':
      return tf.exp(x);
    case 'log':
      return tf.log(x);
    case 'sqrt':
      return tf.sqrt(x);
    case 'square':
      return tf.square(x);
    case 'round':
      return tf.round(x);
    case 'softmax':
      return tf.softmax(x);
    case 'gather':
      return tf.gather(x, y);
    case 'reduce': {
      const reduce = { mean: tf.mean, max: tf.max, sum: tf.sum }[operation.how];
      return reduce(x, [...operation.axes], operation.keepDims);
    }
    case 'pool': {
      const run = operation.how === 'max' ? tf.maxPool : tf.avgPool;
      const { size, strides, padding } = operation;
      return run(x as tf.Tensor4D, size as [number, number], strides as [number, number], padding);
    }
    case 'concat':
      return tf.concat([...from], operation.axis);
    case 'reshape':
      return tf.reshape(x, [...shape]);
    case 'transpose':
      return tf.transpose(x, [...operation.permutation]);
    case 'pad':
      return tf.pad(
        x,
        operation.before.map((before, i) => [before, operation.after[i]!]),
      );
    case 'slice':
      return tf.slice(x, [...operation.begin], [...operation.size]);
    case 'resize':
      return tf.image.resizeBilinear(x as tf.Tensor4D, operation.size as [number, number]);
    case 'magnitude':
    case 'quantise':
    case 'dequantise':
      throw new Error(`${operation.op} is lowered before`);
  }
}
