/** Door of the model room for workers: models as data and back, and running them. No gradient is imported here. */
export { loadArtifact, saveArtifact } from './artifact.ts';
export { Detector } from './detector.ts';
export {
  CHANNEL_COUNT,
  emptyInputs,
  NMS_OVERLAP,
  pixelInputs,
  readMaps,
  runDetector,
  wholeInputs,
  type ChannelScale,
  type NetworkInput,
} from './detector-inputs.ts';
export { explainAbort, findEngines, startEngine, watchEngine, type EngineFact, type EngineWatch } from './engines.ts';
export { DESCRIPTION, openModelFile, readModelFile, type ModelFile } from './model-file.ts';
export { MovementPredictor } from './movement-predictor.ts';
export { KnownPredictor, SoundPredictor, WindowClassifier, type ClipScorer, type Predictor } from './predictor.ts';
export { GraphRunner } from './run-graph.ts';
export { startWasm } from './wasm-engine.ts';
