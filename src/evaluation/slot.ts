/** What a task brings to the room evaluation. Any thread; judges run in a worker. */
import type { ModelArtifact, Preprocessing } from '../domain/model.ts';
import type { ClassLabel, MediaItem, Part } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import type { TaskKind } from '../domain/task.ts';
import type { Store } from '../dataset/index.ts';
import type { FeatureRequest } from '../features/index.ts';

/** A model at work on examples whose features are cached. Owns its network. */
export interface Judge extends Disposable {
  /** Whether there is anything to judge in an example: a class, boxes. */
  takes(item: MediaItem): boolean;
  /** Whether the model could be right of it. */
  knows(item: MediaItem): boolean;
  /** Looks at one. @throws StudioError `features/clip-missing`. */
  look(item: MediaItem): Promise<void>;
  /** The report of all that were looked at. */
  report(about: { sourceId: string; part: Part; createdAtMs: number }): Report;
}

/** Loads a judge. @param classes of the project: classes are matched by identity, which survives a rename; those of a bundle from elsewhere by name. */
export type LoadJudge = (artifact: ModelArtifact, classes: readonly ClassLabel[], store: Store) => Promise<Judge>;

/** What a task does on the page: the features a model's examples need, as the model itself says. */
export type EvaluationSlot = {
  kind: TaskKind;
  featuresOfModel: (preprocessing: Preprocessing, items: readonly MediaItem[]) => FeatureRequest;
};

/** What the graph of a whole model is given of an example: one input a window, or a part of the picture. Worker thread. */
export type GraphInputs = (
  item: MediaItem,
  preprocessing: Preprocessing,
  store: Store,
) => Promise<readonly (Float32Array | Uint8Array)[]>;
