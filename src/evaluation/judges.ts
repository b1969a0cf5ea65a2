/** Judges of the two problems: of classifiers of windows, and of detectors. Worker thread. */
import type { Store } from '../dataset/index.ts';
import type { Detection } from '../domain/boxes.ts';
import { boxesOf, classIdOf } from '../domain/label.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { ClassLabel, MediaItem } from '../domain/project.ts';
import { FeatureCache } from '../features/jobs.ts';
import { Detector, type ClipScorer } from '../model/jobs.ts';
import { buildDetectionReport, type ScoredPicture } from './detection.ts';
import { buildReport, type ScoredClip } from './metrics.ts';
import type { Judge, LoadJudge } from './slot.ts';

/** A project's classes among those of a model, which are called as the project calls them now. Classes it has not learnt come behind them as they are met. */
function matchClasses(model: readonly ClassLabel[], classes: readonly ClassLabel[]) {
  const nameOf = new Map(classes.map((label) => [label.id, label.name]));
  const foreign: string[] = [];
  const learntIndexOf = (classId: string): number => {
    const byId = model.findIndex((label) => label.id === classId);
    return byId >= 0 ? byId : model.findIndex((label) => label.name === nameOf.get(classId));
  };
  return {
    isLearnt: (classId: string) => learntIndexOf(classId) >= 0,
    /** −1 for what is no class of the project. */
    indexOf(classId: string): number {
      const index = learntIndexOf(classId);
      const name = nameOf.get(classId);
      if (index >= 0 || name === undefined) return index;
      if (!foreign.includes(name)) foreign.push(name);
      return model.length + foreign.indexOf(name);
    },
    labels: model.map((label) => nameOf.get(label.id) ?? label.name),
    foreign,
  };
}

/** A judge of classifiers. @param load the model as something that scores clips. */
export const judgeClasses =
  (
    load: (artifact: ModelArtifact, store: Store) => Promise<Pick<ClipScorer, 'predictClip' | typeof Symbol.dispose>>,
  ): LoadJudge =>
  async (artifact, classes, store) => {
    const scorer = await load(artifact, store);
    const { indexOf, isLearnt, labels, foreign } = matchClasses(artifact.classes, classes);
    const cache = new FeatureCache(store);
    const clips: ScoredClip[] = [];
    return {
      takes: (item) => indexOf(classIdOf(item) ?? '') >= 0,
      knows: (item) => isLearnt(classIdOf(item) ?? ''),
      async look(item) {
        const windowScores = await scorer.predictClip(cache, item);
        clips.push({ itemId: item.id, path: item.path, classIndex: indexOf(classIdOf(item) ?? ''), windowScores });
      },
      report: (about) => buildReport(clips, labels, about, foreign),
      [Symbol.dispose]: () => scorer[Symbol.dispose](),
    } satisfies Judge;
  };

/** What finds objects in the pictures of a project. Owns its network. */
export interface PictureScorer extends Disposable {
  detectCached(cache: FeatureCache, hash: string, item: MediaItem): Promise<Detection[]>;
}

/** A judge of detectors. @param load the model as something that finds objects. */
export const judgeFound =
  (load: (artifact: ModelArtifact, store: Store) => Promise<PictureScorer>): LoadJudge =>
  async (artifact, classes, store) => {
    const detector = await load(artifact, store);
    const { indexOf, isLearnt, labels, foreign } = matchClasses(artifact.classes, classes);
    const cache = new FeatureCache(store);
    const pictures: ScoredPicture[] = [];
    return {
      takes: (item: MediaItem) => 'height' in item.media && item.label.kind === 'boxes',
      knows: (item) => boxesOf(item).length === 0 || boxesOf(item).some(({ classId }) => isLearnt(classId)),
      async look(item) {
        if (!('height' in item.media)) return;
        const { width, height } = item.media;
        const truth = boxesOf(item).flatMap(({ classId, x, y, width: w, height: h }) => {
          const classIndex = indexOf(classId);
          return classIndex >= 0 ? [{ x, y, width: w, height: h, classIndex }] : [];
        });
        const found = await detector.detectCached(cache, item.hash, item);
        pictures.push({ itemId: item.id, path: item.path, width, height, truth, found });
      },
      report: (about) => buildDetectionReport(pictures, labels, about, foreign),
      [Symbol.dispose]: () => detector[Symbol.dispose](),
    } satisfies Judge;
  };

/** The judge of the app's own detectors. */
export const judgeBoxes: LoadJudge = judgeFound(async (artifact, store) => {
  const detector = await Detector.load(artifact, store);
  return {
    detectCached: (cache, hash) => detector.detectCached(cache, hash),
    [Symbol.dispose]: () => detector[Symbol.dispose](),
  };
});
