/**
 * EfficientAT mn04 as steps of a graph: samples in, embedding out. Any thread; pure. The app runs it as a TensorFlow Lite file it writes of this graph, and exports put the
 * same graph before the trained layers.
 * @see Schmid, Koutini & Widmer 2023, Efficient large-scale audio tagging via transformer-to-CNN knowledge distillation; Howard et al. 2019, MobileNetV3, table 1
 */
import { EXACT, type Activation, type GraphBuilder, type PytorchTensor } from '../../formats/index.ts';
import { required } from '../../kernel/assert.ts';
import { MN04 } from './embedding-spec.ts';
import { addFrames } from './sound-graphs.ts';

/** The tensors of the published file by name. */
export type Mn04Weights = ReadonlyMap<string, PytorchTensor>;

/** Blocks of MobileNetV3-Large: channels in, kernel, expanded channels, channels out, squeeze-and-excitation, hard swish, stride. */
const BLOCKS: readonly (readonly [number, 3 | 5, number, number, boolean, boolean, 1 | 2])[] = [
  [16, 3, 16, 16, false, false, 1],
  [16, 3, 64, 24, false, false, 2],
  [24, 3, 72, 24, false, false, 1],
  [24, 5, 72, 40, true, false, 2],
  [40, 5, 120, 40, true, false, 1],
  [40, 5, 120, 40, true, false, 1],
  [40, 3, 240, 80, false, true, 2],
  [80, 3, 200, 80, false, true, 1],
  [80, 3, 184, 80, false, true, 1],
  [80, 3, 184, 80, false, true, 1],
  [80, 3, 480, 112, true, true, 1],
  [112, 3, 672, 112, true, true, 1],
  [112, 5, 672, 160, true, true, 2],
  [160, 5, 960, 160, true, true, 1],
  [160, 5, 960, 160, true, true, 1],
];
/** Width of this network, a share of the published one's. */
const WIDTH = 0.4;
/** Added to variances, as in every batch normalisation of the file. */
const EPSILON = 1e-3;

/** Channels at this width: a multiple of 8, at most a tenth less than asked for. */
function channels(wanted: number): number {
  const exact = wanted * WIDTH;
  const rounded = Math.max(8, Math.floor((exact + 4) / 8) * 8);
  return rounded < 0.9 * exact ? rounded + 8 : rounded;
}

/** Mel bands of Kaldi: triangles equally spaced from 0 to 15 kHz on its scale, shape [128, 513]. */
function melBands(): Float32Array {
  const { fftSize, bandCount, rateHz, highHz } = MN04;
  const bins = fftSize / 2 + 1;
  const toMel = (hz: number) => 1127 * Math.log(1 + hz / 700);
  const step = toMel(highHz) / (bandCount + 1);
  const bands = new Float32Array(bandCount * bins);
  for (let band = 0; band < bandCount; band++)
    for (let bin = 0; bin < fftSize / 2; bin++) {
      const mel = toMel((bin * rateHz) / fftSize);
      bands[band * bins + bin] = Math.max(0, Math.min(mel / step - band, band + 2 - mel / step));
    }
  return bands;
}

/** Log-mel spectrogram as the network was trained on it. @param samples value of shape [n], n a multiple of the hop. @returns value of shape [1, 128, n / 320, 1]. */
function addSpectrogram(builder: GraphBuilder, samples: number): number {
  const { hopSamples, windowSamples, fftSize, bandCount, emphasis } = MN04;
  const count = builder.value(samples).shape[0]!;
  const frames = count / hopSamples;
  const part = (begin: number) => builder.apply({ op: 'slice', begin: [begin], size: [count - 1] }, [samples]);
  const emphasised = builder.apply({ op: 'sub' }, [
    part(1),
    builder.apply({ op: 'mul' }, [part(0), builder.scalar(emphasis)]),
  ]);
  // Mirrored at both ends, so that frames lie around their time.
  const half = fftSize / 2;
  const length = count - 1;
  const column = builder.reshape(emphasised, [length, 1]);
  const mirror = (place: (i: number) => number) =>
    builder.reshape(
      builder.apply({ op: 'gather' }, [
        column,
        builder.constant(
          Int32Array.from({ length: half }, (_, i) => place(i)),
          [half],
          `${EXACT}mirror`,
        ),
      ]),
      [half],
    );
  const whole = builder.apply({ op: 'concat', axis: 0 }, [
    mirror((i) => half - i),
    emphasised,
    mirror((i) => length - 2 - i),
  ]);
  const needed = builder.apply({ op: 'slice', begin: [0], size: [(frames - 1) * hopSamples + fftSize] }, [whole]);
  const cut = addFrames(builder, needed, frames, fftSize, hopSamples);
  const hann = new Float32Array(fftSize);
  const before = (fftSize - windowSamples) / 2;
  for (let i = 0; i < windowSamples; i++)
    hann[before + i] = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (windowSamples - 1));
  const windowed = builder.apply({ op: 'mul' }, [cut, builder.constant(hann, [fftSize], `${EXACT}hann`)]);
  const power = builder.apply({ op: 'square' }, [builder.apply({ op: 'magnitude' }, [windowed])]);
  const bands = builder.dense(
    power,
    builder.constant(melBands(), [bandCount, half + 1], `${EXACT}mel`),
    builder.constant(new Float32Array(bandCount).fill(1e-5), [bandCount], `${EXACT}offset`),
  );
  const shifted = builder.apply({ op: 'add' }, [builder.apply({ op: 'log' }, [bands]), builder.scalar(4.5)]);
  const scaled = builder.apply({ op: 'mul' }, [shifted, builder.scalar(0.2)]);
  const turned = builder.apply({ op: 'transpose', permutation: [1, 0] }, [scaled]);
  return builder.reshape(turned, [1, bandCount, frames, 1]);
}

/**
 * @param samples value of shape [n] in −1..1 at 32 kHz, n a multiple of 320. @param weights borrowed.
 * @returns value of shape [1, 2528]: the mean of the last map, the layer before the published classes, and the means its gates see.
 */
export function addMn04(builder: GraphBuilder, samples: number, weights: Mn04Weights): number {
  const tensor = (name: string) => required(weights.get(name), name);
  const activate = (x: number, isSwish: boolean): number => {
    if (!isSwish) return x;
    const gate = builder.apply({ op: 'relu6' }, [builder.apply({ op: 'add' }, [x, builder.scalar(3)])]);
    return builder.apply({ op: 'mul' }, [builder.apply({ op: 'mul' }, [x, gate]), builder.scalar(1 / 6)]);
  };
  /** A convolution with its batch normalisation folded in. @param act null = none, true = hard swish, false = ReLU. */
  const convolve = (x: number, name: string, norm: string, stride: 1 | 2, act: boolean | null): number => {
    const { values, shape } = tensor(`${name}.weight`);
    const [out, inside, height, width] = shape as [number, number, number, number];
    const part = (key: string) => tensor(`${norm}.${key}`).values;
    const [gamma, beta, mean, variance] = [part('weight'), part('bias'), part('running_mean'), part('running_var')];
    const factor = gamma.map((scale, c) => scale / Math.sqrt(variance[c]! + EPSILON));
    const isDepthwise = inside === 1 && out === builder.value(x).shape[3] && height > 1;
    // PyTorch: [out, in, height, width]; here channels lie last.
    const kernel = new Float32Array(values.length);
    const area = height * width;
    for (let o = 0; o < out; o++)
      for (let i = 0; i < inside; i++)
        for (let k = 0; k < area; k++) {
          const to = isDepthwise ? k * out + o : (o * area + k) * inside + i;
          kernel[to] = values[(o * inside + i) * area + k]! * factor[o]!;
        }
    const bias = beta.map((shift, c) => shift - mean[c]! * factor[c]!);
    const side = (height - 1) / 2;
    const sides = [0, side, side, 0];
    // Both ends alike, which "same" is not when every other place is taken.
    const padded = stride === 2 ? builder.apply({ op: 'pad', before: sides, after: sides }, [x]) : x;
    const activation: Activation = act === false ? 'relu' : 'none';
    const rest = { strides: [stride, stride], padding: stride === 2 ? 'valid' : 'same', activation } as const;
    const inputs = [
      padded,
      builder.constant(kernel, isDepthwise ? [1, height, width, out] : [out, height, width, inside], `${name}/kernel`),
      builder.constant(bias, [out], `${name}/bias`),
    ];
    return activate(builder.apply({ op: isDepthwise ? 'depthwise' : 'conv', ...rest }, inputs), act === true);
  };
  const mean = (x: number) => builder.apply({ op: 'reduce', how: 'mean', axes: [1, 2], keepDims: false }, [x]);
  const dense = (x: number, name: string, activation: Activation = 'none') => {
    const { values, shape } = tensor(`${name}.weight`);
    const bias = tensor(`${name}.bias`).values;
    return builder.dense(
      x,
      builder.constant(values, shape, `${name}/kernel`),
      builder.constant(bias, [bias.length], `${name}/bias`),
      activation,
    );
  };

  const seen: number[] = [];
  let x = convolve(addSpectrogram(builder, samples), 'features.0.0', 'features.0.1', 2, true);
  for (const [n, [inside, , expanded, out, isGated, isSwish, stride]] of BLOCKS.entries()) {
    const from = x;
    const block = `features.${n + 1}.block`;
    let step = 0;
    const next = (before: number, by: 1 | 2, act: boolean | null) => {
      const name = `${block}.${step++}`;
      return convolve(before, `${name}.0`, `${name}.1`, by, act);
    };
    if (channels(expanded) !== channels(inside)) x = next(x, 1, isSwish);
    x = next(x, stride, isSwish);
    if (isGated) {
      const name = `${block}.${step++}.conc_se_layers.0`;
      const pooled = mean(x);
      seen.push(pooled);
      const gate = builder.apply({ op: 'sigmoid' }, [dense(dense(pooled, `${name}.fc1`, 'relu'), `${name}.fc2`)]);
      x = builder.apply({ op: 'mul' }, [x, builder.reshape(gate, [1, 1, 1, builder.value(gate).shape[1]!])]);
    }
    x = next(x, 1, null);
    if (stride === 1 && channels(inside) === channels(out)) x = builder.apply({ op: 'add' }, [from, x]);
  }
  const last = mean(convolve(x, `features.${BLOCKS.length + 1}.0`, `features.${BLOCKS.length + 1}.1`, 1, true));
  const hidden = activate(dense(last, 'classifier.2'), true);
  return builder.apply({ op: 'concat', axis: 1 }, [last, hidden, ...seen], { name: 'embedding' });
}
