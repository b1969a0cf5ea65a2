/** What choosing an algorithm is given, and what it says. Type-only. */
import type { ClassLabel, MediaItem } from '../domain/project.ts';
import type { TrainingSettings } from '../domain/task.ts';
import type { FeaturesContract } from '../features/contract.ts';
import type { WorkerClient } from '../rpc/client.ts';

/** The settings to train with, and why in one sentence; `scores` by algorithm, 0..1. */
export type AlgorithmChoice = { settings: TrainingSettings; reason: string; scores: Record<string, number> };

/** See the file header. */
export type ChooseTools = {
  client: WorkerClient<FeaturesContract>;
  items: readonly MediaItem[];
  classes: readonly ClassLabel[];
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
};
