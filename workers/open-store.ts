/** The database as every thread that computes opens it: stretches of sounds are cut by the decoder, which is loaded when one is asked for. */
import { Store } from '../src/dataset/index.ts';

/** One connection. */
export const openStore = (): Promise<Store> =>
  Store.open(undefined, undefined, {
    cut: async (file, stretch) => (await import('../src/media/jobs.ts')).cutSound(file, stretch),
  });
