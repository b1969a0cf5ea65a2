/**
 * Numbers of the Core ML format that are used. Any thread; pure.
 * @see apple/coremltools mlmodel/format/NeuralNetwork.proto (@e0e2f42b)
 */

/** Fields of a layer that say what it computes. */
export const LAYER = {
  convolution: 100,
  pooling: 120,
  activation: 130,
  innerProduct: 140,
  resizeBilinear: 211,
  unary: 220,
  clip: 660,
  round: 685,
  min: 870,
  max: 875,
  add: 880,
  div: 890,
  mul: 900,
  sub: 905,
  gather: 930,
  softmax: 950,
  concat: 980,
  transpose: 985,
  slice: 995,
  matrixProduct: 1045,
  constant: 1070,
  reshape: 1140,
  pad: 1155,
  reduceMax: 1260,
  reduceSum: 1270,
  reduceMean: 1280,
} as const;
/** Functions of one value. */
export const UNARY = { sqrt: 0, power: 3, exp: 4, log: 5 } as const;
/** Activations by their field. */
export const ACTIVATION = { relu: 10, sigmoid: 40 } as const;
