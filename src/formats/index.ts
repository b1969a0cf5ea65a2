/** Door of the formats room: file formats of trained networks. Any thread; pure. */
export * from './graph.ts';
export { EXACT, quantiseWeights, writeTflite, type TfliteExtras } from './write-tflite.ts';
export { readTflite } from './read-tflite.ts';
export { toFloat } from './lower.ts';
export { writeOnnx, type OnnxExtras } from './write-onnx.ts';
