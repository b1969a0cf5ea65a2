/** A detector as one graph: the pixels of a square in, boxes and their scores out. Worker thread. */
import type { DetectorPreprocessing } from '../../domain/model.ts';
import type { GraphInputs } from '../../evaluation/jobs.ts';
import { addLayers, repeatBefore, standardise, type BuildGraph } from '../../export/jobs.ts';
import { addSsdMaps, paintViews } from '../../features/jobs.ts';
import { CELL_CENTRE, SSD_CHANNELS } from '../../features/index.ts';
import { GraphBuilder } from '../../formats/index.ts';

/** Largest logarithm of a distance (features/picture/detections.ts). */
const MOST_LOG = 8;

/**
 * Outputs `location`, shape [1, cells, 4]: middle y, middle x, height and width of each cell's box in ratios of the square, and `score`, shape
 * [1, cells, classes]: independent of each other. Boxes still cover each other: non-maximum suppression follows.
 */
export const buildDetectionGraph: BuildGraph = async (artifact, files) => {
  const p = artifact.preprocessing as DetectorPreprocessing;
  const { pixels, scale, channelMean, channelFactor } = p;
  const builder = new GraphBuilder();
  let inputs: number[];
  if (p.kind === 'pixels') {
    const picture = builder.input('picture', [1, pixels, pixels, 3]);
    inputs = [standardise(builder, picture, channelMean, channelFactor)];
  } else {
    const { maps } = addSsdMaps(builder, pixels, files(p.kind)[0]!);
    let from = 0;
    inputs = maps.map((map, level) => {
      const to = from + SSD_CHANNELS[level]!;
      const part = standardise(builder, map, channelMean.slice(from, to), channelFactor.slice(from, to));
      from = to;
      return level === 0 ? part : repeatBefore(builder, part);
    });
  }
  const output = addLayers(builder, artifact, inputs);
  const classCount = artifact.classes.length;
  const [, side, , width] = builder.value(output).shape as [number, number, number, number];
  const cells = side * side;
  const part = (begin: number, size: number) =>
    builder.reshape(builder.apply({ op: 'slice', begin: [0, 0, 0, begin], size: [1, side, side, size] }, [output]), [
      1,
      cells,
      size,
    ]);
  const score = builder.apply({ op: 'sigmoid' }, [part(0, classCount)]);
  const logs = builder.apply({ op: 'min' }, [part(classCount, width - classCount), builder.scalar(MOST_LOG)]);
  const distances = builder.apply({ op: 'exp' }, [logs]);
  const k = scale / side;
  const none = builder.constant(new Float32Array(4), [4], 'none');
  const turn = (x: number, name: string, ...rows: number[]) =>
    builder.dense(x, builder.constant(Float32Array.from(rows), [4, 4], name), none);
  // Left, top, right, bottom of the cell's middle to top, left, bottom, right of the square.
  const reach = turn(distances, 'to_corners', 0, -k, 0, 0, -k, 0, 0, 0, 0, 0, 0, k, 0, 0, k, 0);
  const centres = Float32Array.from({ length: 4 * cells }, (_, i) => {
    const cell = i >> 2;
    return ((i % 2 === 0 ? Math.floor(cell / side) : cell % side) + CELL_CENTRE) / side;
  });
  const corners = builder.apply({ op: 'add' }, [reach, builder.constant(centres, [1, cells, 4], 'centres')]);
  // Inside the picture: MediaPipe would move a box that reaches beyond it.
  const below = builder.apply({ op: 'min' }, [corners, builder.scalar(1)]);
  const inside = builder.apply({ op: 'max' }, [below, builder.scalar(0)]);
  const location = turn(inside, 'to_boxes', 0.5, 0, 0.5, 0, 0, 0.5, 0, 0.5, -1, 0, 1, 0, 0, -1, 0, 1);
  return builder.graph('object detector', { location, score });
};

/** The parts of a picture that are looked at, as pixels. */
export const detectionInputs: GraphInputs = async ({ hash }, preprocessing, store) => {
  const { pixels, tiles } = preprocessing as DetectorPreprocessing;
  return paintViews(store, hash, { kind: 'pixels', pixels, tiles });
};
