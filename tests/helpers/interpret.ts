/** Runs a graph of src/formats, value by value and in 64 bits: what each operator means, for comparison with the runtimes. Slow. */
import { samePadding, sizeOf, type Graph, type Node, type Value } from '../../src/formats/graph.ts';

type Tensor = { shape: readonly number[]; values: ArrayLike<number> };

const stridesOf = (shape: readonly number[]) => shape.map((_, i) => sizeOf(shape.slice(i + 1)));

function* places(shape: readonly number[]): Generator<number[]> {
  for (let i = 0, n = sizeOf(shape); i < n; i++) {
    const place: number[] = [];
    for (let rest = i, s = shape.length - 1; s >= 0; s--) {
      place.unshift(rest % shape[s]!);
      rest = Math.floor(rest / shape[s]!);
    }
    yield place;
  }
}

const UNARY: Record<string, (x: number) => number> = {
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  // To even, as the runtimes; of the 32-bit value they have.
  round: (value) => {
    const x = Math.fround(value);
    const down = Math.floor(x);
    return x - down === 0.5 ? down + (down % 2 === 0 ? 0 : 1) : Math.round(x);
  },
};
const BINARY: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: Math.max,
  min: Math.min,
};

function run({ operation, output }: Node, given: Tensor[], value: (i: number) => Value): Float64Array {
  const x = given[0]!;
  const shape = value(output).shape;
  const out = new Float64Array(sizeOf(shape));
  const activate = (v: number, activation: string) => (activation === 'none' ? v : UNARY[activation]!(v));
  if (operation.op in UNARY) return out.map((_, i) => UNARY[operation.op]!(x.values[i]!));
  if (operation.op in BINARY) {
    let i = 0;
    for (const place of places(shape)) {
      const [a, b] = given.map(({ shape: sides, values }) => {
        const strides = stridesOf(sides);
        let at = 0;
        sides.forEach((side, s) => (at += side === 1 ? 0 : place[s + shape.length - sides.length]! * strides[s]!));
        return values[at]!;
      });
      out[i++] = BINARY[operation.op]!(a!, b!);
    }
    return out;
  }
  switch (operation.op) {
    case 'conv':
    case 'depthwise': {
      const [, height, width, channels] = x.shape as [number, number, number, number];
      const [, kh, kw] = given[1]!.shape as [number, number, number, number];
      const [, oh, ow, oc] = shape as [number, number, number, number];
      const isSame = operation.padding === 'same';
      const top = isSame ? samePadding(height, kh, operation.strides[0])[0] : 0;
      const left = isSame ? samePadding(width, kw, operation.strides[1])[0] : 0;
      const w = given[1]!.values;
      for (let y = 0, at = 0; y < oh; y++)
        for (let u = 0; u < ow; u++)
          for (let c = 0; c < oc; c++, at++) {
            let sum = given[2]!.values[c]!;
            for (let dy = 0; dy < kh; dy++) {
              const iy = y * operation.strides[0] + dy - top;
              if (iy < 0 || iy >= height) continue;
              for (let dx = 0; dx < kw; dx++) {
                const ix = u * operation.strides[1] + dx - left;
                if (ix < 0 || ix >= width) continue;
                const from = (iy * width + ix) * channels;
                if (operation.op === 'depthwise') sum += x.values[from + c]! * w[(dy * kw + dx) * channels + c]!;
                else
                  for (let k = 0; k < channels; k++)
                    sum += x.values[from + k]! * w[((c * kh + dy) * kw + dx) * channels + k]!;
              }
            }
            out[at] = activate(sum, operation.activation);
          }
      return out;
    }
    case 'dense': {
      const [units, inside] = given[1]!.shape as [number, number];
      for (let row = 0; row < out.length / units; row++)
        for (let u = 0; u < units; u++) {
          let sum = given[2]!.values[u]!;
          for (let k = 0; k < inside; k++) sum += x.values[row * inside + k]! * given[1]!.values[u * inside + k]!;
          out[row * units + u] = activate(sum, operation.activation);
        }
      return out;
    }
    case 'softmax': {
      const n = shape.at(-1)!;
      for (let row = 0; row < out.length; row += n) {
        let most = -Infinity;
        for (let i = 0; i < n; i++) most = Math.max(most, x.values[row + i]!);
        let sum = 0;
        for (let i = 0; i < n; i++) sum += out[row + i] = Math.exp(x.values[row + i]! - most);
        for (let i = 0; i < n; i++) out[row + i]! /= sum;
      }
      return out;
    }
    case 'magnitude': {
      const n = x.shape.at(-1)!;
      const bins = n / 2 + 1;
      for (let row = 0; row < out.length / bins; row++)
        for (let bin = 0; bin < bins; bin++) {
          let [real, imaginary] = [0, 0];
          for (let i = 0; i < n; i++) {
            const angle = (2 * Math.PI * ((bin * i) % n)) / n;
            real += x.values[row * n + i]! * Math.cos(angle);
            imaginary += x.values[row * n + i]! * Math.sin(angle);
          }
          out[row * bins + bin] = Math.hypot(real, imaginary);
        }
      return out;
    }
    case 'gather': {
      const inner = sizeOf(x.shape.slice(1));
      Array.from(given[1]!.values).forEach((row, i) => {
        for (let k = 0; k < inner; k++) out[i * inner + k] = x.values[row * inner + k]!;
      });
      return out;
    }
    case 'reduce': {
      const counts = new Float64Array(out.length);
      if (operation.how === 'max') out.fill(-Infinity);
      const kept = x.shape.flatMap((_, i) => (operation.axes.includes(i) ? [] : [i]));
      const sides = kept.map((i) => x.shape[i]!);
      const strides = stridesOf(sides);
      let i = 0;
      for (const place of places(x.shape)) {
        const at = kept.reduce((sum, axis, k) => sum + place[axis]! * strides[k]!, 0);
        const v = x.values[i++]!;
        out[at] = operation.how === 'max' ? Math.max(out[at]!, v) : out[at]! + v;
        counts[at]!++;
      }
      return operation.how === 'mean' ? out.map((sum, at) => sum / counts[at]!) : out;
    }
    case 'pool': {
      const [, height, width, channels] = x.shape as [number, number, number, number];
      const [, oh, ow] = shape as [number, number, number];
      const isSame = operation.padding === 'same';
      const [kh, kw] = operation.size;
      const top = isSame ? samePadding(height, kh, operation.strides[0])[0] : 0;
      const left = isSame ? samePadding(width, kw, operation.strides[1])[0] : 0;
      for (let y = 0, at = 0; y < oh; y++)
        for (let u = 0; u < ow; u++)
          for (let c = 0; c < channels; c++, at++) {
            const seen: number[] = [];
            for (let dy = 0; dy < kh; dy++)
              for (let dx = 0; dx < kw; dx++) {
                const [iy, ix] = [y * operation.strides[0] + dy - top, u * operation.strides[1] + dx - left];
                if (iy >= 0 && ix >= 0 && iy < height && ix < width)
                  seen.push(x.values[(iy * width + ix) * channels + c]!);
              }
            out[at] = operation.how === 'max' ? Math.max(...seen) : seen.reduce((a, b) => a + b, 0) / seen.length;
          }
      return out;
    }
    case 'concat': {
      const strides = stridesOf(shape);
      let before = 0;
      for (const one of given) {
        let i = 0;
        for (const place of places(one.shape))
          out[place.reduce((sum, p, s) => sum + (s === operation.axis ? p + before : p) * strides[s]!, 0)] =
            one.values[i++]!;
        before += one.shape[operation.axis]!;
      }
      return out;
    }
    case 'transpose': {
      const strides = stridesOf(x.shape);
      let i = 0;
      for (const place of places(shape))
        out[i++] = x.values[operation.permutation.reduce((sum, axis, k) => sum + place[k]! * strides[axis]!, 0)]!;
      return out;
    }
    case 'pad': {
      const strides = stridesOf(shape);
      let i = 0;
      for (const place of places(x.shape))
        out[place.reduce((sum, p, s) => sum + (p + operation.before[s]!) * strides[s]!, 0)] = x.values[i++]!;
      return out;
    }
    case 'slice': {
      const strides = stridesOf(x.shape);
      let i = 0;
      for (const place of places(shape))
        out[i++] = x.values[place.reduce((sum, p, s) => sum + (p + operation.begin[s]!) * strides[s]!, 0)]!;
      return out;
    }
    case 'resize': {
      const [, height, width, channels] = x.shape as [number, number, number, number];
      const [oh, ow] = operation.size;
      for (let y = 0, at = 0; y < oh; y++)
        for (let u = 0; u < ow; u++) {
          const [fy, fx] = [(y * height) / oh, (u * width) / ow];
          const [y0, x0] = [Math.floor(fy), Math.floor(fx)];
          const [y1, x1] = [Math.min(height - 1, y0 + 1), Math.min(width - 1, x0 + 1)];
          for (let c = 0; c < channels; c++, at++) {
            const v = (yy: number, xx: number) => x.values[(yy * width + xx) * channels + c]!;
            const above = v(y0, x0) + (v(y0, x1) - v(y0, x0)) * (fx - x0);
            const below = v(y1, x0) + (v(y1, x1) - v(y1, x0)) * (fx - x0);
            out[at] = above + (below - above) * (fy - y0);
          }
        }
      return out;
    }
    default:
      return Float64Array.from(x.values);
  }
}

/** @param graph of floats (`toFloat`). @returns every value by name. */
export function interpret(graph: Graph, inputs: readonly ArrayLike<number>[]): Map<string, Float64Array> {
  const known = new Map<number, ArrayLike<number>>(graph.inputs.map((at, i) => [at, inputs[i]!]));
  const value = (i: number) => graph.values[i]!;
  for (const node of graph.nodes)
    known.set(
      node.output,
      run(
        node,
        node.inputs.map((i) => ({ shape: value(i).shape, values: value(i).values ?? known.get(i)! })),
        value,
      ),
    );
  return new Map([...known].map(([i, values]) => [value(i).name, Float64Array.from(values)]));
}
