/** Jobs of the export room in the inference worker. Type-only. */
import type { Answering } from '../domain/answering.ts';
import type { Calibration } from '../domain/calibration.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { TaskKind } from '../domain/task.ts';
import type { BundleFile, ModelAbout } from './bundle.ts';
import type { FormatId } from './forms.ts';
import type { Layers } from './head.ts';

/** Files of one format; none and the reason where it cannot hold the model. */
export type Exported = { id: FormatId; files: BundleFile[]; refusal: string | null };

/** A file of another format, read: `preprocessing.json` of the export as text, and the layers that were trained. */
export type ReadFile = { description: string; layers: Layers };

/** See the file header. */
export type ExportContract = {
  /** @throws StudioError `export/model-damaged`. */
  readModelFile: { args: { file: Blob; name: string }; progress: never; result: ReadFile };
  /** @throws StudioError `network/…`, `export/runtime-missing`. */
  exportModel: {
    args: {
      task: TaskKind;
      model: ModelArtifact;
      about: ModelAbout;
      calibration: Calibration | null;
      answering: Answering;
      /** Lines for the README. */
      scores: string[];
      generatedBy: string;
      /** Name of the files, without suffix. */
      base: string;
      formats: readonly FormatId[];
    };
    progress: { done: number; total: number };
    result: Exported[];
  };
};
