/** Door of the formats room: file formats of trained networks. Any thread; pure. */
export * from './graph.ts';
export { EXACT, quantiseWeights, writeTflite, type TfliteExtras } from './write-tflite.ts';
export { readTflite } from './read-tflite.ts';
export { toFloat } from './lower.ts';
export { writeOnnx, type OnnxExtras } from './write-onnx.ts';
export {
  writeCoremlClassifier,
  writeCoremlDetector,
  type CoremlAbout,
  type CoremlSuppression,
} from './write-coreml.ts';
export { readCoreml, type ReadCoreml } from './read-coreml.ts';
export { readOnnxGraph } from './read-onnx.ts';
export { readAttached, writeMediapipe, type TfliteAbout, type TfliteInput } from './mediapipe.ts';
export { readPytorch, type PytorchTensor } from './read-pytorch.ts';
