/** The speech embedding (speech.ts) as steps of a graph. Any thread; pure. */
import { EXACT, FormatError, type GraphBuilder } from '../../formats/index.ts';
import { required } from '../../kernel/assert.ts';
import { readOnnx, type OnnxGraph, type OnnxTensor } from '../../formats/onnx-file.ts';
import { SPEECH } from './embedding-spec.ts';
import { addFrames } from './sound-graphs.ts';

/** Kernels of ONNX, [out, in, height, width], with channels last. */
function channelsLast({ dims, values }: OnnxTensor): { values: Float32Array; shape: number[] } {
  const [out, inside, height, width] = dims as [number, number, number, number];
  const turned = new Float32Array(values.length);
  let at = 0;
  for (let o = 0; o < out; o++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let i = 0; i < inside; i++) turned[at++] = values[((o * inside + i) * height + y) * width + x]!;
  return { values: turned, shape: [out, height, width, inside] };
}

function addMel(builder: GraphBuilder, samples: number, frames: number, { constants }: OnnxGraph): number {
  const { fftSize, hopSamples, bandCount } = SPEECH;
  const find = (suffix: string) => required([...constants].find(([name]) => name.endsWith(suffix))?.[1], suffix);
  const loud = builder.apply({ op: 'mul' }, [
    builder.reshape(samples, [builder.value(samples).shape.at(-1)!]),
    builder.scalar(32767),
  ]);
  const cut = addFrames(builder, loud, frames, fftSize, hopSamples);
  const squares = ['conv_real.weight', 'conv_imag.weight'].map((name) => {
    const { dims, values } = find(name);
    const bins = dims[0]!;
    const weights = builder.constant(values, [bins, values.length / bins], `${EXACT}${name}`);
    const none = builder.constant(new Float32Array(bins), [bins], `${EXACT}none`);
    return builder.apply({ op: 'square' }, [builder.dense(cut, weights, none)]);
  });
  const power = builder.apply({ op: 'add' }, squares);
  const mel = find('melW');
  const bins = mel.dims[0]!;
  const turned = new Float32Array(mel.values.length);
  for (let bin = 0; bin < bins; bin++)
    for (let band = 0; band < bandCount; band++) turned[band * bins + bin] = mel.values[bin * bandCount + band]!;
  const bands = builder.dense(
    power,
    builder.constant(turned, [bandCount, bins], `${EXACT}mel`),
    builder.constant(new Float32Array(bandCount), [bandCount], `${EXACT}none`),
  );
  const audible = builder.apply({ op: 'max' }, [bands, builder.scalar(1e-10)]);
  const decibels = builder.apply({ op: 'mul' }, [
    builder.apply({ op: 'log' }, [audible]),
    builder.scalar(10 / Math.LN10),
  ]);
  const loudest = builder.apply({ op: 'reduce', how: 'max', axes: [0, 1], keepDims: true }, [decibels]);
  const floor = builder.apply({ op: 'sub' }, [loudest, builder.scalar(80)]);
  const kept = builder.apply({ op: 'max' }, [decibels, floor]);
  const tenth = builder.apply({ op: 'mul' }, [kept, builder.scalar(0.1)]);
  return builder.apply({ op: 'add' }, [tenth, builder.scalar(2)], { name: 'mel' });
}

/**
 * @param samples value of a window's samples in −1..1. @param files melspectrogram and embedding, as they were published.
 * @returns value of shape [1, steps, 96]. @throws FormatError for a step that is not known, StudioError `features/network-damaged`.
 */
export function addSpeechEmbedding(builder: GraphBuilder, samples: number, files: readonly ArrayBuffer[]): number {
  const [melspectrogram, embedding] = files.map(readOnnx) as [OnnxGraph, OnnxGraph];
  const count = builder.value(samples).shape.at(-1)!;
  const frames = (count - SPEECH.fftSize) / SPEECH.hopSamples + 1;
  let x = builder.reshape(addMel(builder, samples, frames, melspectrogram), [1, frames, SPEECH.bandCount, 1]);
  const constant = (name: string | undefined) => required(embedding.constants.get(name ?? ''), `constant ${name}`);
  const numbers = (value: number | number[] | undefined, fallback: number[]) =>
    Array.isArray(value) && value.length ? value : fallback;
  const pad = (before: number[], after: number[]) =>
    [...before, ...after].some(Boolean) ? builder.apply({ op: 'pad', before, after }, [x]) : x;
  for (const { op, inputs, attributes } of embedding.nodes) {
    if (op === 'Reshape') continue;
    if (op === 'Pad') {
      const values = [...constant(inputs[1]).values];
      x = pad(values.slice(0, 4), values.slice(4, 8));
    } else if (op === 'Conv') {
      const { values, shape } = channelsLast(constant(inputs[1]));
      const [top = 0, left = 0] = numbers(attributes.pads, [0, 0, 0, 0]);
      x = pad([0, top, left, 0], [0, top, left, 0]);
      const bias = inputs[2] ? constant(inputs[2]).values : new Float32Array(shape[0]!);
      x = builder.apply({ op: 'conv', strides: [1, 1], padding: 'valid', activation: 'none' }, [
        x,
        builder.constant(values, shape, 'kernel'),
        builder.constant(bias, [shape[0]!], 'bias'),
      ]);
    } else if (op === 'Relu') x = builder.apply({ op: 'relu' }, [x]);
    else if (op === 'BatchNormalization') {
      const [gamma, beta, mean, variance] = inputs.slice(1).map((name) => constant(name).values) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const scale = gamma.map((value, i) => value / Math.sqrt(variance[i]! + (attributes.epsilon as number)));
      const shift = beta.map((value, i) => value - mean[i]! * scale[i]!);
      x = builder.apply({ op: 'mul' }, [x, builder.constant(scale, [scale.length], 'scale')]);
      x = builder.apply({ op: 'add' }, [x, builder.constant(shift, [shift.length], 'shift')]);
    } else if (op === 'LeakyRelu')
      x = builder.apply({ op: 'max' }, [
        x,
        builder.apply({ op: 'mul' }, [x, builder.scalar(attributes.alpha as number)]),
      ]);
    else if (op === 'Max') x = builder.apply({ op: 'max' }, [x, builder.scalar(constant(inputs[1]).values[0]!)]);
    else if (op === 'MaxPool') {
      const size = numbers(attributes.kernel_shape, [1, 1]) as [number, number];
      const strides = numbers(attributes.strides, size) as [number, number];
      x = builder.apply({ op: 'pool', how: 'max', size, strides, padding: 'valid' }, [x]);
    } else throw new FormatError(`an operation ${op}`);
  }
  const steps = builder.value(x).shape.reduce((product, side) => product * side, 1) / SPEECH.width;
  return builder.reshape(x, [1, steps, SPEECH.width]);
}
