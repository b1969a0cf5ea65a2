/** One training run of an object detector: parts of pictures in, updates done, average precision measured. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import { meanAveragePrecision, type ScoredPicture } from '../../evaluation/index.ts';
import { decodeView, mergeViews } from '../../features/index.ts';
import { yieldToMessages } from '../../kernel/yield.ts';
import { NMS_OVERLAP, runDetector } from '../../model/jobs.ts';
import type { StepResult, Validation } from '../fit.ts';
import { NetworkTrainable } from '../network-trainable.ts';
import type { TrainableNetwork } from '../network.ts';
import type { DetectorExamples } from './detector-examples.ts';
import { detectorLoss } from './detector-loss.ts';

const WEIGHT_DECAY = 0.05;
/** Scores below this hardly move an average precision. */
const LEAST_SCORE = 0.05;
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
    super(run.build(run.seed), WEIGHT_DECAY);
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
    const { examples } = this.#run;
    const { validation, classCount } = examples;
    if (validation.length === 0) return null;
    const pictures: ScoredPicture[] = [];
    for (const [i, picture] of validation.entries()) {
      await yieldToMessages();
      const views = [];
      for (const { inputs, region } of await examples.validationInputs(i)) {
        const output = await runDetector(this.network.infer, inputs);
        views.push({ candidates: decodeView({ ...output, classCount, scale: examples.scale }, LEAST_SCORE), region });
      }
      const { itemId, width, height, boxes } = picture;
      pictures.push({ itemId, path: '', width, height, truth: boxes, found: mergeViews(views, NMS_OVERLAP) });
    }
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
