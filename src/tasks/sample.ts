/** Sample projects of classifiers: twelve examples of each class, a quarter for testing. Worker thread. */
import type { InspectedMedia } from '../domain/project.ts';
import type { SampleExample } from '../features/jobs.ts';

const PER_CLASS = 12;
const FOR_TRAINING = 9;

/** Example `n` of a sample. @param make the example of a class; deterministic in `seed`. */
export async function sampleClip<C extends string>(
  classes: readonly C[],
  n: number,
  ending: string,
  make: (name: C, seed: number) => Promise<InspectedMedia>,
): Promise<SampleExample> {
  const c = Math.floor(n / PER_CLASS);
  const number = (n % PER_CLASS) + 1;
  const className = classes[c]!;
  const name = `${className} ${String(number).padStart(2, '0')}.${ending}`;
  return {
    media: await make(className, 100 * c + number),
    name,
    path: `${className}/${name}`,
    part: number > FOR_TRAINING ? 'testing' : 'training',
    className,
    boxes: null,
  };
}
