/** What an object detector is trained to. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';

/** Targets of a batch of cells; shapes [cells, …]. `positive`: weight of a cell's box, 0 = none; `counted`: 0 = the cell is left out. */
export type CellTargets = {
  /** One-hot, shape [cells, classes]. */
  classes: tf.Tensor2D;
  /** Distances to left, top, right and bottom of the box in cells, shape [cells, 4]. */
  distances: tf.Tensor2D;
  /** Shape [cells, 1]. */
  positive: tf.Tensor2D;
  /** Shape [cells, 1]. */
  counted: tf.Tensor2D;
};

/** Weight of the boxes beside the classes. */
const BOX_WEIGHT = 2;

/** The value without its gradient. */
const detach = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((value) => {
    const input = value as tf.Tensor;
    return { value: tf.clone(input), gradFunc: () => tf.zerosLike(input) };
  })(x);

/**
 * Quality focal loss for the classes (a cell of an object is taught the overlap of its own box, Li et al. 2020, GFL eq. 4) and generalised overlap for the
 * boxes (Rezatofighi et al. 2019, GIoU). Both per object cell of the batch.
 * @param output shape [cells, classes + 4]. @param scale cells that a distance of 0 stands for. @returns scalars inside the caller's tidy; `overlap` is the weighted mean overlap of object cells.
 */
export function detectorLoss(
  output: tf.Tensor2D,
  targets: CellTargets,
  classCount: number,
  scale: number,
): { total: tf.Scalar; classes: tf.Scalar; boxes: tf.Scalar; overlap: tf.Scalar } {
  const logits = tf.slice(output, [0, 0], [-1, classCount]);
  const predicted = tf.mul(tf.exp(tf.clipByValue(tf.slice(output, [0, classCount], [-1, 4]), -6, 6)), scale);
  const smaller = tf.minimum(predicted, targets.distances);
  const larger = tf.maximum(predicted, targets.distances);
  const column = (x: tf.Tensor, i: number) => tf.slice(x as tf.Tensor2D, [0, i], [-1, 1]);
  const area = (x: tf.Tensor) => tf.mul(tf.add(column(x, 0), column(x, 2)), tf.add(column(x, 1), column(x, 3)));
  const shared = area(smaller);
  const joint = tf.add(tf.sub(tf.add(area(predicted), area(targets.distances)), shared), 1e-6);
  const overlap = tf.div(shared, joint);
  const around = tf.add(area(larger), 1e-6);
  const generalised = tf.sub(overlap, tf.div(tf.sub(around, joint), around));

  const positiveSum = tf.maximum(tf.sum(targets.positive), 1);
  const boxes = tf.div(tf.sum(tf.mul(tf.sub(1, generalised), targets.positive)), positiveSum) as tf.Scalar;

  const wanted = tf.mul(targets.classes, detach(overlap));
  const scores = tf.sigmoid(logits);
  const cross = tf.add(
    tf.sub(tf.relu(logits), tf.mul(logits, wanted)),
    tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(logits))))),
  );
  const focus = tf.square(tf.sub(wanted, scores));
  const isObject = tf.cast(tf.greater(targets.positive, 0), 'float32');
  // Cells of large objects share one vote; background counts as it is.
  const weight = tf.mul(targets.counted, tf.add(targets.positive, tf.sub(1, isObject)));
  const classes = tf.div(tf.sum(tf.mul(tf.mul(cross, focus), weight)), positiveSum) as tf.Scalar;
  return {
    total: tf.add(classes, tf.mul(boxes, BOX_WEIGHT)) as tf.Scalar,
    classes,
    boxes,
    overlap: tf.div(tf.sum(tf.mul(overlap, targets.positive)), positiveSum) as tf.Scalar,
  };
}
