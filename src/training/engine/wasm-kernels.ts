/**
 * The kernels that make the WebAssembly engine of tfjs a trainer. Worker thread. tfjs 4.22 has no Conv2DBackpropFilter for it and
 * a slow Conv2DBackpropInput; both are one im2col / col2im loop around XNNPACK's matrix product here. The batch normalisation gradient is
 * replaced on every engine: the original tiles its operands to the size of the input, which took 38 % of a training step on
 * WebAssembly. Measured in Node on a smaller network (batch 32 of 96 x 64, convolutions of 16 to 64 channels), before that
 * replacement: 207 ms a step with tfjs's input gradient, 146 ms with ours. tests/browser/training.test.ts compares them with plain CPU.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

type Info = { dataId: object; shape: number[]; dtype: 'float32' };

/** The parts of the WebAssembly backend that kernels use. */
type Heap = {
  wasm: { HEAPU8: Uint8Array };
  dataIdMap: { get(id: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: 'float32'): Info;
  disposeData(id: object): void;
};

type ConvArguments = {
  inputs: Record<string, Info>;
  backend: unknown;
  attrs: {
    strides: [number, number] | number;
    pad: 'same' | 'valid' | number;
    dimRoundingMode?: 'floor';
    filterShape?: number[];
    inputShape?: number[];
  };
};

/** A view on the heap; valid until the next allocation. */
function view(heap: Heap, info: Info): Float32Array {
  const size = info.shape.reduce((product, side) => product * side, 1);
  return new Float32Array(heap.wasm.HEAPU8.buffer, heap.dataIdMap.get(info.dataId).memoryOffset, size);
}

/** Matrix product [1, m, k] x [1, k, n]; without transposes, the only form XNNPACK runs. Caller disposes the result. */
function product(heap: Heap, a: Info, b: Info): Info {
  const { kernelFunc } = tf.getKernel('BatchMatMul', 'wasm');
  return kernelFunc({
    inputs: { a, b } as never,
    backend: heap as unknown as BackendWasm,
    attrs: { transposeA: false, transposeB: false },
  }) as unknown as Info;
}

/** Filter gradient: im2col(x) transposed, [kh kw ci, n oh ow], times dy [n oh ow, co]. */
function backpropFilter({ inputs, backend, attrs }: ConvArguments): Info {
  const heap = backend as Heap;
  const x = inputs.x!;
  const dy = inputs.dy!;
  const filterShape = attrs.filterShape! as [number, number, number, number];
  const conv = tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filterShape,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const {
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
  } = conv;
  const { top, left } = conv.padInfo;
  const positions = batchSize * outHeight * outWidth;
  if (filterHeight * filterWidth * strideHeight * strideWidth === 1) {
    const { kernelFunc } = tf.getKernel('Transpose', 'wasm');
    const turned = kernelFunc({
      inputs: { x: { dataId: x.dataId, shape: [positions, inChannels], dtype: 'float32' } } as never,
      backend: heap as unknown as BackendWasm,
      attrs: { perm: [1, 0] },
    }) as unknown as Info;
    const gradient = product(
      heap,
      { dataId: turned.dataId, shape: [1, inChannels, positions], dtype: 'float32' },
      { dataId: dy.dataId, shape: [1, positions, outChannels], dtype: 'float32' },
    );
    heap.disposeData(turned.dataId);
    return { dataId: gradient.dataId, shape: filterShape, dtype: 'float32' };
  }
  const columns = heap.makeOutput([1, filterHeight * filterWidth * inChannels, positions], 'float32');
  const source = view(heap, x);
  const target = view(heap, columns).fill(0);
  // Output rows outermost: what is read stays in the cache, what is written is contiguous.
  for (let n = 0; n < batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const outRow = (n * outHeight + oy) * outWidth;
      for (let ky = 0; ky < filterHeight; ky++) {
        const iy = oy * strideHeight + ky - top;
        if (iy < 0 || iy >= inHeight) continue;
        const inRow = (n * inHeight + iy) * inWidth;
        for (let kx = 0; kx < filterWidth; kx++) {
          const shift = kx - left;
          const first = Math.max(0, Math.ceil(-shift / strideWidth));
          const end = Math.min(outWidth, Math.floor((inWidth - 1 - shift) / strideWidth) + 1);
          const tap = (ky * filterWidth + kx) * inChannels;
          for (let c = 0; c < inChannels; c++) {
            let from = (inRow + first * strideWidth + shift) * inChannels + c;
            const to = (tap + c) * positions + outRow;
            for (let ox = first; ox < end; ox++, from += strideWidth * inChannels) target[to + ox] = source[from]!;
          }
        }
      }
    }
  }
  const gradient = product(heap, columns, { dataId: dy.dataId, shape: [1, positions, outChannels], dtype: 'float32' });
  heap.disposeData(columns.dataId);
  return { dataId: gradient.dataId, shape: filterShape, dtype: 'float32' };
}

/** Input gradient: dy [n oh ow, co] times the transposed filter [co, kh kw ci], scattered back (col2im). */
function backpropInput({ inputs, backend, attrs }: ConvArguments): Info {
  const heap = backend as Heap;
  const dy = inputs.dy!;
  const filter = inputs.filter!;
  const inputShape = attrs.inputShape! as [number, number, number, number];
  const conv = tf.backend_util.computeConv2DInfo(
    inputShape,
    filter.shape as [number, number, number, number],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const {
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
  } = conv;
  const { top, left } = conv.padInfo;
  const positions = batchSize * outHeight * outWidth;
  const taps = filterHeight * filterWidth * inChannels;

  const transposed = heap.makeOutput([1, outChannels, taps], 'float32');
  const weights = view(heap, filter);
  const turned = view(heap, transposed);
  for (let tap = 0; tap < taps; tap++)
    for (let o = 0; o < outChannels; o++) turned[o * taps + tap] = weights[tap * outChannels + o]!;
  const columns = product(
    heap,
    { dataId: dy.dataId, shape: [1, positions, outChannels], dtype: 'float32' },
    transposed,
  );
  heap.disposeData(transposed.dataId);

  const dx = heap.makeOutput(inputShape, 'float32');
  const source = view(heap, columns);
  const target = view(heap, dx).fill(0);
  for (let n = 0; n < batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const base = ((n * outHeight + oy) * outWidth + ox) * taps;
        for (let ky = 0; ky < filterHeight; ky++) {
          const iy = oy * strideHeight + ky - top;
          if (iy < 0 || iy >= inHeight) continue;
          for (let kx = 0; kx < filterWidth; kx++) {
            const ix = ox * strideWidth + kx - left;
            if (ix < 0 || ix >= inWidth) continue;
            const from = base + (ky * filterWidth + kx) * inChannels;
            const to = ((n * inHeight + iy) * inWidth + ix) * inChannels;
            for (let c = 0; c < inChannels; c++) target[to + c] = target[to + c]! + source[from + c]!;
          }
        }
      }
    }
  }
  heap.disposeData(columns.dataId);
  return dx;
}

/** Where the taps of a depthwise convolution lie: calls `visit` for every pair of an input and an output cell, as offsets without channels. */
function eachTap(
  x: number[],
  filterShape: number[],
  { strides, pad, dimRoundingMode }: ConvArguments['attrs'],
  visit: (input: number, output: number, tap: number) => void,
): void {
  const conv = tf.backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    1,
    pad,
    dimRoundingMode,
    true,
  );
  const { top, left } = conv.padInfo;
  for (let n = 0; n < conv.batchSize; n++)
    for (let oy = 0; oy < conv.outHeight; oy++)
      for (let ky = 0; ky < conv.filterHeight; ky++) {
        const iy = oy * conv.strideHeight + ky - top;
        if (iy < 0 || iy >= conv.inHeight) continue;
        for (let ox = 0; ox < conv.outWidth; ox++)
          for (let kx = 0; kx < conv.filterWidth; kx++) {
            const ix = ox * conv.strideWidth + kx - left;
            if (ix < 0 || ix >= conv.inWidth) continue;
            visit(
              (n * conv.inHeight + iy) * conv.inWidth + ix,
              (n * conv.outHeight + oy) * conv.outWidth + ox,
              ky * conv.filterWidth + kx,
            );
          }
      }
}

/** Filter gradient of a depthwise convolution with one filter a channel. */
function depthwiseBackpropFilter({ inputs, backend, attrs }: ConvArguments): Info {
  const heap = backend as Heap;
  const x = inputs.x!;
  const channels = x.shape[3]!;
  const gradient = heap.makeOutput(attrs.filterShape!, 'float32');
  const target = view(heap, gradient).fill(0);
  const source = view(heap, x);
  const dy = view(heap, inputs.dy!);
  eachTap(x.shape, attrs.filterShape!, attrs, (input, output, tap) => {
    const [a, b, c] = [input * channels, output * channels, tap * channels];
    for (let i = 0; i < channels; i++) target[c + i] = target[c + i]! + source[a + i]! * dy[b + i]!;
  });
  return gradient;
}

/** Input gradient of a depthwise convolution with one filter a channel. With stride 1 and an odd kernel it is the same convolution of dy with the filter turned round. */
function depthwiseBackpropInput({ inputs, backend, attrs }: ConvArguments): Info {
  const heap = backend as Heap;
  const filter = inputs.filter!;
  const channels = filter.shape[2]!;
  if ([attrs.strides].flat().some((stride) => stride > 1) || attrs.pad !== 'same' || filter.shape[0]! % 2 === 0) {
    const dx = heap.makeOutput(attrs.inputShape!, 'float32');
    const [target, dy, weights] = [view(heap, dx).fill(0), view(heap, inputs.dy!), view(heap, filter)];
    eachTap(attrs.inputShape!, filter.shape, attrs, (input, output, tap) => {
      const [a, b, c] = [input * channels, output * channels, tap * channels];
      for (let i = 0; i < channels; i++) target[a + i] = target[a + i]! + dy[b + i]! * weights[c + i]!;
    });
    return dx;
  }
  const turned = heap.makeOutput(filter.shape, 'float32');
  const taps = filter.shape[0]! * filter.shape[1]!;
  const from = view(heap, filter);
  const to = view(heap, turned);
  for (let tap = 0; tap < taps; tap++)
    to.set(from.subarray(tap * channels, (tap + 1) * channels), (taps - 1 - tap) * channels);
  const { kernelFunc } = tf.getKernel('DepthwiseConv2dNative', 'wasm');
  const gradient = kernelFunc({
    inputs: { x: inputs.dy!, filter: turned } as never,
    backend: heap as unknown as BackendWasm,
    attrs: { strides: [1, 1], pad: 'same', dilations: [1, 1] },
  }) as unknown as Info;
  heap.disposeData(turned.dataId);
  return gradient;
}

/** Registers the convolution gradients for the WebAssembly engine. Idempotent. */
export function registerWasmKernels(): void {
  for (const [kernelName, kernelFunc] of [
    ['Conv2DBackpropFilter', backpropFilter],
    ['Conv2DBackpropInput', backpropInput],
    ['DepthwiseConv2dNativeBackpropFilter', depthwiseBackpropFilter],
    ['DepthwiseConv2dNativeBackpropInput', depthwiseBackpropInput],
  ] as const) {
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
  }
}

/**
 * Replaces the gradient of FusedBatchNorm by one that broadcasts. All engines; idempotent.
 * With r = 1/√(variance + ε) and x̂ = (x − mean) r: dx = dy·scale·r, dmean = −Σ dx, dvariance = −½ Σ dx·(x − mean)·r²,
 * dscale = Σ dy·x̂, doffset = Σ dy; sums over all axes but the channels.
 */
export function registerBatchNormGradient(): void {
  tf.unregisterGradient('FusedBatchNorm');
  tf.registerGradient({
    kernelName: 'FusedBatchNorm',
    inputsToSave: ['x', 'mean', 'variance', 'scale'],
    gradFunc: (dy, saved, attrs) => {
      const [x, mean, variance, scale] = saved as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      const { varianceEpsilon } = attrs as unknown as { varianceEpsilon: number };
      const channels = x.shape[x.rank - 1]!;
      const rowsDy = tf.reshape(dy as tf.Tensor, [-1, channels]);
      const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
      const centred = tf.reshape(tf.sub(x, mean), [-1, channels]);
      // Column sums as a matrix product: WebAssembly's Sum over the first axis transposes its operand first.
      const ones = tf.ones([1, rowsDy.shape[0]!]) as tf.Tensor2D;
      const columnSums = (rows: tf.Tensor) => tf.reshape(tf.matMul(ones, rows as tf.Tensor2D), [channels]);
      const sumDy = columnSums(rowsDy);
      const sumDyCentred = columnSums(tf.mul(rowsDy, centred));
      const factor = tf.mul(inverse, scale);
      return {
        x: () => tf.reshape(tf.mul(rowsDy, factor), x.shape),
        mean: () => tf.neg(tf.mul(sumDy, factor)),
        variance: () => tf.mul(tf.mul(sumDyCentred, tf.mul(factor, tf.square(inverse))), -0.5),
        scale: () => tf.mul(sumDyCentred, inverse),
        offset: () => sumDy.clone(),
      };
    },
  });
}
