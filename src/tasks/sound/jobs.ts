/** Sounds in workers. */
import { judgeClasses } from '../../evaluation/jobs.ts';
import { extractEmbeddings, extractLogMels, inspectSound } from '../../features/jobs.ts';
import { embeddingCut } from '../../features/index.ts';
import { StudioError } from '../../kernel/errors.ts';
import { encodeWav, SAMPLE_SOUNDS, SOUND_RATE_HZ, synthesise } from '../../media/index.ts';
import { SoundPredictor } from '../../model/jobs.ts';
import { createSoundPreview } from '../../preview/jobs.ts';
import type { Contract, Jobs } from '../../rpc/contract.ts';
import { plainerSound, planSounds, type SoundRequest } from '../../training/index.ts';
import { prepareSound } from '../../training/jobs.ts';
import type { TaskJobs } from '../job.ts';
import { buildSoundGraph, soundInputs } from './graph.ts';
import { sampleClip } from '../sample.ts';

/** See the file header. */
export const SOUND_JOBS: TaskJobs = {
  features: (tools) => ({
    inspect: async (blob, _name, signal) => [await inspectSound(blob, signal)],
    async extract(given, signal, progress) {
      const { network, windowSec, overlapRatio, hashes, copies } = given as SoundRequest;
      const db = await tools.store();
      if (!network) return extractLogMels(db, hashes, signal, progress);
      const cut = embeddingCut(network, windowSec, overlapRatio);
      try {
        return await extractEmbeddings(
          db,
          () => tools.embedder(cut, windowSec),
          { cut, hashes: [...hashes], copies },
          signal,
          (done, total, audioSec) => progress({ done, total, audioSec }),
        );
      } catch (error) {
        if (error instanceof StudioError && error.code === 'network/failed') await tools.forgetEmbedder();
        throw error;
      }
    },
    makeSample: (n) =>
      sampleClip(SAMPLE_SOUNDS, n, 'wav', (kind, seed) =>
        inspectSound(encodeWav(synthesise(kind, seed), SOUND_RATE_HZ)),
      ),
  }),
  training: { plan: planSounds, prepare: prepareSound, plainer: plainerSound },
  judge: judgeClasses((artifact, store) => SoundPredictor.load(artifact, store, false)),
  graph: buildSoundGraph,
  inputs: soundInputs,
  preview: (store) => createSoundPreview(store) as unknown as Jobs<Contract>,
};
