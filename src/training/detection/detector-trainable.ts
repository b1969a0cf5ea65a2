/** One training run of an object detector: parts of pictures in, updates done, average precision measured. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import { meanAveragePrecision, type ScoredPicture } from '../../evaluation/index.ts';
import { decodeView, mergeViews } from '../../features/index.ts';
import { yieldToMessages } from '../../kernel/yield.ts';
import { NMS_OVERLAP, runDetector } from '../../model/jobs.ts';
import type { StepResult, Validation } from '../fit.ts';
import { NetworkTrainable } from '../network-trainable.ts';
import type { TrainableNetwork } from '../network.ts';
import type { AnnotatedPicture, DetectorExamples } from './detector-examples.ts';
import { detectorLoss } from './detector-loss.ts';

const WEIGHT_DECAY = 0.05;
/** Scores below this hardly move an average precision. */
const LEAST_SCORE = 0.05;
/** Those of reports, as elsewhere (model/detector.ts). */
const LEAST_REPORTED = 0.01;
/** Validation pictures that are shown while it trains, and the score from which their boxes are. */
const LOOKED_AT = 3;
const LOOK_SCORE = 0.3;

/** What a run works on. */
export type DetectorRun = {
  examples: DetectorExamples;
  seed: number;
  build: (seed: number) => TrainableNetwork;
};

/** See {@link NetworkTrainable}. Construct after the engine was started; owns the network. */
export class DetectorTrainable extends NetworkTrainable {
  readonly stepCount: number;
  readonly #run: DetectorRun;

  constructor(run: DetectorRun) {
    const network = run.build(run.seed);
    // Statistics of batches belong to the weights they were taken with.
    const hasStatistics = network.train.layers.some((layer) => layer.getClassName() === 'BatchNormalization');
    super(network, WEIGHT_DECAY, !hasStatistics);
    this.#run = run;
    this.stepCount = run.examples.stepCount;
  }

  async step(iteration: number, step: number, learningRate: number): Promise<StepResult> {
    const { examples } = this.#run;
    const { classCount, batchSize, scale } = examples;
    const batch = await examples.assemble(iteration, step);
    const inputs = batch.inputs.map(({ values, shape }) => tf.tensor(values, [batchSize, ...shape]));
    const cells = batch.positive.length;
    const targets = {
      classes: tf.tensor2d(batch.classes, [cells, classCount]),
      distances: tf.tensor2d(batch.distances, [cells, 4]),
      positive: tf.tensor2d(batch.positive, [cells, 1]),
      counted: tf.tensor2d(batch.counted, [cells, 1]),
    };
    let parts: tf.Tensor | null = null;
    const { value, grads } = tf.variableGrads(() => {
      const output = this.network.train.apply(inputs.length === 1 ? inputs[0]! : inputs, {
        training: true,
      }) as tf.Tensor4D;
      const rows = tf.reshape(output, [cells, classCount + 4]) as tf.Tensor2D;
      const loss = detectorLoss(rows, targets, classCount, scale);
      parts = tf.keep(tf.stack([loss.classes, loss.boxes, loss.overlap]));
      return loss.total;
    }, this.variables);
    try {
      this.optimiser.apply(grads, learningRate);
      const [loss, [classes, boxes, overlap]] = await Promise.all([
        value.data(),
        parts!.data() as Promise<unknown> as Promise<[number, number, number]>,
      ]);
      return { loss: loss[0]!, correct: overlap * batchSize, count: batchSize, parts: { classes, boxes } };
    } finally {
      tf.dispose([...inputs, ...Object.values(targets), value, parts!, ...Object.values(grads)]);
    }
  }

  async validate(): Promise<Validation | null> {
    if (this.#run.examples.validation.length === 0) return null;
    return this.averaged(() => this.#judge());
  }

  /** What the network finds in pictures, best first. */
  async #find(wanted: readonly AnnotatedPicture[], leastScore: number): Promise<ScoredPicture[]> {
    const { examples } = this.#run;
    const { classCount, scale } = examples;
    const pictures: ScoredPicture[] = [];
    for (const picture of wanted) {
      await yieldToMessages();
      const views = [];
      for (const { inputs, region } of await examples.inputsOf(picture)) {
        const output = await runDetector(this.network.infer, inputs);
        views.push({ candidates: decodeView({ ...output, classCount, scale }, leastScore), region });
      }
      const { itemId, path, width, height, boxes } = picture;
      pictures.push({ itemId, path, width, height, truth: boxes, found: mergeViews(views, NMS_OVERLAP) });
    }
    return pictures;
  }

  /** What some weights find in the pictures that are held out; the run's own are as before. */
  async findHeld(weights: Float32Array): Promise<ScoredPicture[]> {
    const own = await this.saveWeights();
    this.loadWeights(weights);
    try {
      return await this.#find(this.#run.examples.held, LEAST_REPORTED);
    } finally {
      this.loadWeights(own);
    }
  }

  async #judge(): Promise<Validation> {
    const { validation, classCount } = this.#run.examples;
    const pictures = await this.#find(validation, LEAST_SCORE);
    const half = meanAveragePrecision(pictures, classCount, 0.5);
    // The curve shows what people compare; stricter boxes decide between equals.
    const look = pictures.slice(0, LOOKED_AT).map(({ itemId, found }) => ({
      itemId,
      found: found.filter(({ score }) => score >= LOOK_SCORE),
    }));
    return {
      look,
      loss: null,
      accuracy: half,
      rank: 1 - (half + meanAveragePrecision(pictures, classCount, 0.75)) / 2,
    };
  }
}
