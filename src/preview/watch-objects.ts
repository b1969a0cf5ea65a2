/** Objects in camera frames, by two threads: one draws a frame and extracts its features, the other finds objects in the one before. Main thread. */
import type { FeaturesContract } from '../features/ui.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { DetectionPreview, ObjectsSeen } from './contract.ts';
import type { Look } from './live-camera.svelte.ts';

/**
 * @param eyes a features thread of its own. @param isAdaptive looks at smaller pictures where their features take too long for ten a second. @returns what a `LiveCamera` looks with.
 */
export function watchObjects(
  eyes: WorkerClient<FeaturesContract>,
  inference: WorkerClient<DetectionPreview>,
  model: ModelRef,
  overlap: number,
  isAdaptive: boolean,
): Look<ObjectsSeen> {
  return async (port, outer, onProgress) => {
    const input = await inference.call('detectorInput', { model }, { signal: outer });
    const { port1, port2 } = new MessageChannel();
    const mine = new AbortController();
    const signal = AbortSignal.any([outer, mine.signal]);
    try {
      await Promise.all([
        eyes.call('streamViews', { input, isAdaptive, port, out: port1 }, { signal, transfer: [port, port1] }),
        inference.call('watchObjects', { port: port2, model, overlap }, { signal, transfer: [port2], onProgress }),
      ]);
    } finally {
      // When one of them fails the other has nothing to do.
      mine.abort();
    }
  };
}
