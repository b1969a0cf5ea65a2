/**
 * Numbers of the TensorFlow Lite schema that are used. Any thread; pure.
 * @see tensorflow/compiler/mlir/lite/schema/schema.fbs (tensorflow @0373b8f3)
 */
import type { ValueType } from './graph.ts';

/** Builtin operators. */
export const CODE = {
  add: 0,
  meanPool: 1,
  concat: 2,
  conv: 3,
  depthwise: 4,
  dequantise: 6,
  dense: 9,
  sigmoid: 14,
  maxPool: 17,
  mul: 18,
  relu: 19,
  relu6: 21,
  reshape: 22,
  resize: 23,
  softmax: 25,
  pad: 34,
  gather: 36,
  transpose: 39,
  mean: 40,
  sub: 41,
  div: 42,
  squeeze: 43,
  stridedSlice: 45,
  exp: 47,
  split: 49,
  max: 55,
  min: 57,
  slice: 65,
  log: 73,
  sum: 74,
  sqrt: 75,
  reduceMax: 82,
  square: 92,
  quantise: 114,
  round: 116,
  rfft2d: 131,
  complexAbs: 135,
} as const;

/** Types of the options of an operator: places in the union. */
export const OPTIONS = {
  none: 0,
  conv: 1,
  depthwise: 2,
  pool: 5,
  dense: 8,
  softmax: 9,
  concat: 10,
  add: 11,
  resize: 15,
  reshape: 17,
  mul: 21,
  pad: 22,
  gather: 23,
  transpose: 26,
  reduce: 27,
  sub: 28,
  div: 29,
  exp: 33,
  dequantise: 38,
  maxMin: 39,
  slice: 48,
  square: 66,
  quantise: 89,
  rfft2d: 105,
} as const;

/** Types of tensors. `complex64` occurs only inside a Fourier transform. */
export const TYPE: Record<ValueType | 'complex64', number> = {
  float32: 0,
  int32: 2,
  uint8: 3,
  complex64: 8,
  int8: 9,
};
/** What follows an operator at once. */
export const ACTIVATION = { none: 0, relu: 1, relu6: 3 } as const;
/** Rows and columns that are added. */
export const PADDING = { same: 0, valid: 1 } as const;

/** Axis of a constant along which its scales lie, by the operator that takes it. */
export const CHANNEL_AXIS = { conv: 0, depthwise: 3, dense: 0 } as const;
