/** Reading Core ML models of the layers that are written (write-coreml.ts) into graphs. Any thread; pure. */
import { ChannelsLast, type Pads } from './channels-last.ts';
import { ACTIVATION, LAYER, UNARY } from './coreml-schema.ts';
import { FormatError, sizeOf, type Graph } from './graph.ts';
import { Fields } from './protobuf.ts';

/** What is said of a model, and of the suppression that follows it where there is one. */
export type ReadCoreml = {
  graph: Graph;
  userDefined: ReadonlyMap<string, string>;
  labels: string[];
  suppression: { overlap: number; leastScore: number } | null;
};

/** @param file borrowed. @throws FormatError when it is damaged, or computes what this app does not know. */
export function readCoreml(file: Uint8Array): ReadCoreml {
  try {
    return read(file);
  } catch (error) {
    if (error instanceof RangeError) throw new FormatError('the file is damaged or cut off', { cause: error });
    throw error;
  }
}

function read(file: Uint8Array): ReadCoreml {
  const root = new Fields(file);
  if (!root.has(1) || !root.has(2)) throw new FormatError('it is no Core ML model');
  const entries = root.message(2).message(100).messages(100);
  const userDefined = new Map(entries.map((entry) => [entry.text(1), entry.text(2)]));
  const steps = root.has(202)
    ? root.message(202).messages(1)
    : root.has(200)
      ? root.message(200).message(1).messages(1)
      : [root];
  const whole = steps[0];
  const kind = [403, 500].find((field) => whole?.has(field));
  if (!whole || !kind) throw new FormatError('it holds no neural network');
  const network = whole.message(kind);
  const builder = new ChannelsLast();
  for (const input of whole.message(2).messages(1)) {
    const type = input.message(3);
    if (type.has(4)) {
      const picture = type.message(4);
      builder.input(input.text(1), [1, 3, picture.number(2), picture.number(1)], true);
    } else builder.input(input.text(1), type.message(5).ints(1));
  }
  for (const layer of network.messages(1)) add(builder, layer);
  const after = steps[1]?.has(610) ? steps[1].message(610) : null;
  const outputs = after
    ? [after.text(200), after.text(201)]
    : kind === 403
      ? [network.text(200)]
      : whole
          .message(2)
          .messages(10)
          .map((output) => output.text(1));
  return {
    graph: builder.graph('main', outputs),
    userDefined,
    labels: (after ?? network).message(100).texts(1),
    suppression: after ? { overlap: after.number(110), leastScore: after.number(111) } : null,
  };
}

function add(builder: ChannelsLast, layer: Fields): void {
  const inputs = layer.texts(2);
  const [x] = inputs as [string];
  const output = layer.text(3);
  const kind = Object.values(LAYER).find((field) => layer.has(field));
  if (!kind) throw new FormatError(`the layer ${layer.text(1)}`);
  const about = layer.message(kind);
  const constant = (name: string, field: number, shape: readonly number[]) => {
    const values = about.message(field).floats(1);
    if (values.length !== sizeOf(shape)) throw new FormatError(`${name} has ${values.length} values`);
    if (values.some((value) => !Number.isFinite(value)))
      throw new FormatError(`${name} holds values that are no numbers`);
    builder.constant(name, { values, shape });
    return name;
  };
  const pair = (field: number): [number, number] => {
    const [down = 1, across = 1] = about.ints(field);
    return [down, across];
  };
  const padsOf = (field: number): Pads => {
    const [down, across] = about.message(field).message(1).messages(10);
    return [down?.number(1) ?? 0, down?.number(2) ?? 0, across?.number(1) ?? 0, across?.number(2) ?? 0];
  };
  const two = (Object.keys(LAYER) as (keyof typeof LAYER)[]).find((name) => LAYER[name] === kind)!;
  switch (kind) {
    case LAYER.constant:
      constant(output, 2, about.ints(1));
      return;
    case LAYER.convolution: {
      const [out, inside, group] = [about.number(1), about.number(2), about.number(10)];
      if (group > 1 && (group !== out || inside !== 1)) throw new FormatError('a convolution in groups');
      const kernel = constant(`${output}/kernel`, 90, [out, inside, ...pair(20)]);
      const bias = constant(`${output}/bias`, 91, [out]);
      const op = group > 1 ? 'depthwise' : 'conv';
      return builder.apply({ op, strides: pair(30), pads: padsOf(50), activation: 'none' }, [x, kernel, bias], output);
    }
    case LAYER.innerProduct:
    case LAYER.matrixProduct: {
      const isFlat = kind === LAYER.innerProduct;
      const [inside, out] = isFlat ? [about.number(1), about.number(2)] : [about.number(5), about.number(6)];
      const kernel = constant(`${output}/kernel`, isFlat ? 20 : 8, [out, inside]);
      const bias = constant(`${output}/bias`, isFlat ? 21 : 9, [out]);
      return builder.apply({ op: 'dense', activation: 'none' }, [x, kernel, bias], output);
    }
    case LAYER.add:
    case LAYER.sub:
    case LAYER.mul:
    case LAYER.div:
    case LAYER.max:
    case LAYER.min:
      return builder.apply({ op: two as 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' }, inputs, output);
    case LAYER.activation:
      if (about.has(ACTIVATION.relu)) return builder.apply({ op: 'relu' }, inputs, output);
      if (about.has(ACTIVATION.sigmoid)) return builder.apply({ op: 'sigmoid' }, inputs, output);
      throw new FormatError('an activation');
    case LAYER.clip:
      if (about.number(1) !== 0 || about.number(2) !== 6) throw new FormatError('other limits');
      return builder.apply({ op: 'relu6' }, inputs, output);
    case LAYER.unary: {
      const op = ({ [UNARY.sqrt]: 'sqrt', [UNARY.exp]: 'exp', [UNARY.log]: 'log', [UNARY.power]: 'square' } as const)[
        about.number(1) as 0 | 3 | 4 | 5
      ];
      if (!op || about.number(5) !== 1 || (op === 'square' && about.number(2) !== 2))
        throw new FormatError('a function of values');
      return builder.apply({ op }, inputs, output);
    }
    case LAYER.round:
      return builder.apply({ op: 'round' }, inputs, output);
    case LAYER.softmax:
      return builder.apply({ op: 'softmax' }, inputs, output);
    case LAYER.gather: {
      const { values, shape } = builder.constantOf(inputs[1]!);
      builder.constant(inputs[1]!, { values: Int32Array.from(values), shape });
      return builder.apply({ op: 'gather' }, inputs, output);
    }
    case LAYER.reduceMean:
    case LAYER.reduceMax:
    case LAYER.reduceSum: {
      const how = kind === LAYER.reduceMean ? 'mean' : kind === LAYER.reduceMax ? 'max' : 'sum';
      return builder.apply({ op: 'reduce', how, axes: about.ints(1), keepDims: about.number(2) !== 0 }, inputs, output);
    }
    case LAYER.pooling: {
      const how = about.number(1) === 0 ? 'max' : 'mean';
      const operation = { op: 'pool', how, size: pair(10), strides: pair(20), pads: padsOf(30) } as const;
      return builder.apply(operation, inputs, output);
    }
    case LAYER.concat:
      return builder.apply({ op: 'concat', axis: about.number(1) }, inputs, output);
    case LAYER.reshape:
      return builder.apply({ op: 'reshape', shape: about.ints(1) }, inputs, output);
    case LAYER.transpose:
      return builder.apply({ op: 'transpose', permutation: about.ints(1) }, inputs, output);
    case LAYER.pad: {
      const amounts = about.ints(2);
      const part = (odd: number) => amounts.filter((_, i) => i % 2 === odd);
      return builder.apply({ op: 'pad', before: part(0), after: part(1) }, inputs, output);
    }
    case LAYER.slice: {
      const begin = about.ints(1);
      return builder.apply(
        { op: 'slice', begin, size: about.ints(3).map((end, i) => end - begin[i]!) },
        inputs,
        output,
      );
    }
    case LAYER.resizeBilinear:
      return builder.apply({ op: 'resize', size: pair(1) }, inputs, output);
  }
}
