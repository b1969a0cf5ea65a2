/** Jobs of evaluation in the inference worker. Type-only. */
import type { ModelArtifact, ModelRef, Preprocessing } from '../domain/model.ts';
import type { Part } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import type { TaskKind } from '../domain/task.ts';

/** What is known of a model in a file beside its graph. `temperature`: scores were made with it inside. */
export type FileModel = Pick<ModelArtifact, 'classes' | 'preprocessing'> & { temperature: number };

/** See the file header. */
export type EvaluationContract = {
  /** What is computed before a model: the features its examples need follow from it, and from nothing else. */
  describeModel: { args: { model: ModelRef }; progress: never; result: Preprocessing };
  /** Scores examples (features must be cached), makes the report and stores it. */
  evaluate: {
    args: { task: TaskKind; model: ModelRef; projectId: string; part: Part; itemIds: string[] };
    progress: { done: number; total: number };
    result: Report;
  };
  /** The report of a part that was stored before; null when there is none. */
  storedReport: { args: { sourceId: string; part: Part }; progress: never; result: Report | null };
  /** Scores examples with a model that is not in the database (headless evaluation of an exported bundle). */
  evaluateArtifact: {
    args: { task: TaskKind; model: ModelArtifact; projectId: string; part: Part; itemIds: string[] };
    progress: { done: number; total: number };
    result: Report;
  };
  /** What an exported file of another format says of itself: its `preprocessing.json`. @throws StudioError `export/model-damaged`. */
  describeFile: { args: { file: Blob; name: string }; progress: never; result: string };
  /** Scores examples with such a file, as it stands. @throws StudioError `export/model-damaged`. */
  evaluateFile: {
    args: {
      task: TaskKind;
      file: Blob;
      name: string;
      model: FileModel;
      projectId: string;
      part: Part;
      itemIds: string[];
    };
    progress: { done: number; total: number };
    result: Report;
  };
};
