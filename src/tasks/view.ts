/** What a row of the table of views says, and what each of its components is given. Main thread. */
import type { Component } from 'svelte';
import type { MediaItem, ModelSource } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import type { TrainingSettings } from '../domain/task.ts';
import type { PathFile } from '../dataset/index.ts';
import type { FirstShow } from '../app/first/hand.ts';
import type { Workbench } from '../app/workbench.svelte.ts';
import type { QuickLook } from '../training/ui.ts';

/** A component that is loaded when it is shown. */
export type Load<P extends Record<string, unknown>> = () => Promise<{ default: Component<P> }>;

/** What a recorder is given. `onfiles` adds files as they are; null target = no class; the first capture of `pattern` on a name says what was taken together. */
export type RecorderProps = {
  workbench: Workbench;
  classId: string | null;
  onfiles: (files: PathFile[], classId: string | null, pattern?: string) => Promise<void>;
  onclose: () => void;
};
/** What the editor of labels is given. */
export type EditorProps = {
  workbench: Workbench;
  items: readonly MediaItem[];
  currentId: string | null;
  onpick: (id: string) => void;
};
/** What an editor that divides one file is given. */
export type SegmentsProps = {
  workbench: Workbench;
  item: MediaItem;
  onclose: () => void;
  onnext: (() => void) | null;
};
/** What a viewer is given. */
export type ViewerProps = { workbench: Workbench; items: readonly MediaItem[]; onclose: () => void };
/** What the sections of settings are given. */
export type SettingsProps = {
  workbench: Workbench;
  settings: TrainingSettings;
  medianClipSec: number;
  onchange: (settings: TrainingSettings) => void;
};
/** What a result is given. */
export type ResultProps = {
  workbench: Workbench;
  source: ModelSource;
  report: Report;
  isStale: boolean;
  onrun: () => void;
};

/** One row. */
export type TaskViews = {
  /** Picture of the card that makes a project. */
  art: Load<Record<string, never>>;
  /** `isOnDemand`: behind a button, since nothing is recorded before it is wanted. */
  recorder: { load: Load<RecorderProps>; isOnDemand: boolean };
  /** How a first model is shown its examples; null where they need labels drawn. */
  first: (() => Promise<{ FIRST: FirstShow }>) | null;
  editor: Load<EditorProps> | null;
  segments: Load<SegmentsProps> | null;
  viewer: Load<ViewerProps> | null;
  /** Labels a pretrained network proposes for examples without any. */
  propose: Load<{ workbench: Workbench; onclose: () => void }> | null;
  /** Small pictures may be waveforms or spectrograms. */
  hasSpectrum: boolean;
  settings: Load<SettingsProps>;
  /** What the model in training finds in a few validation examples. */
  look: Load<{ workbench: Workbench; source: ModelSource | null; look: QuickLook }> | null;
  result: Load<ResultProps>;
  preview: Load<{ workbench: Workbench; view: string | null }>;
};
