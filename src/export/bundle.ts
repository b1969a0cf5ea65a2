/** Model bundles: the files an export holds, and reading them back. Any thread; pure. */
import * as v from 'valibot';
import { fileName } from '../dataset/index.ts';
import type { Calibration } from '../domain/calibration.ts';
import type { ModelArtifact } from '../domain/model.ts';
import { StudioError } from '../kernel/errors.ts';
import type { BundleSlot } from './slot.ts';

/** What a person writes about a model. */
export type ModelAbout = { name: string; author: string; description: string; licence: string };

/** One file of a bundle. */
export type BundleFile = { path: string; blob: Blob };

const text = (path: string, content: string, type = 'text/plain'): BundleFile => ({
  path,
  blob: new Blob([content], { type }),
});

const Calibrated = v.object({
  temperature: v.number(),
  thresholds: v.nullable(v.array(v.nullable(v.number()))),
});
const NoveltyFile = v.object({
  centres: v.array(v.array(v.number())),
  deviations: v.array(v.number()),
  limit: v.number(),
});
/** `preprocessing.json`: every number, plus the labels in the order of the output. Field names are a contract. */
const Description = v.object({
  format: v.string(),
  version: v.literal(1),
  labels: v.array(v.string()),
  preprocessing: v.unknown(),
  calibration: v.optional(Calibrated),
  novelty: v.optional(NoveltyFile),
});

/**
 * Files of a TensorFlow.js bundle without the runtime: model.json and weights.bin (tf.loadLayersModel reads them), labels.txt,
 * preprocessing.json, README.md.
 * @param slot of the model's task. @param calibration travels with the model when it is on.
 * @param networkFiles of the pretrained network the model stands on.
 * @param scores lines for the README, e.g. "Testing: 92.5 % of 80 clips right".
 */
export function bundleFiles(
  slot: BundleSlot,
  artifact: ModelArtifact,
  about: ModelAbout,
  scores: readonly string[],
  generatedBy: string,
  networkFiles: readonly BundleFile[] = [],
  calibration: Calibration | null = null,
): BundleFile[] {
  const labels = artifact.classes.map((label) => label.name);
  const p = artifact.preprocessing;
  const model = {
    format: 'layers-model',
    generatedBy,
    convertedBy: null,
    modelTopology: JSON.parse(artifact.topology) as unknown,
    weightsManifest: [{ paths: ['weights.bin'], weights: artifact.weightSpecs }],
    userDefinedMetadata: { ...about, labels, preprocessing: p },
  };
  const description = {
    format: slot.format,
    version: 1,
    labels,
    preprocessing: p,
    ...(calibration?.isOn
      ? {
          calibration: {
            temperature: calibration.temperature,
            thresholds: calibration.thresholds
              ? artifact.classes.map((label) => calibration.thresholds![label.id] ?? null)
              : null,
          },
        }
      : {}),
    ...(artifact.novelty ? { novelty: artifact.novelty } : {}),
  };
  const readme = `# ${about.name}

${about.description || `${slot.what} trained with Understudy.`}

${about.author ? `Author: ${about.author}  \n` : ''}${about.licence ? `Licence: ${about.licence}  \n` : ''}Classes, in the order of the output: ${labels.join(', ')}

${scores.length ? `## Scores\n\n${scores.map((line) => `- ${line}`).join('\n')}\n` : ''}
${slot.usage}

## Input

${slot.describeInput(p)}

## Output

${slot.describeOutput(p, labels.length, calibration)}

All numbers are in \`preprocessing.json\`.
`;
  return [
    text('model.json', JSON.stringify(model), 'application/json'),
    { path: 'weights.bin', blob: new Blob([artifact.weights], { type: 'application/octet-stream' }) },
    text('labels.txt', labels.join('\n') + '\n'),
    text('preprocessing.json', JSON.stringify(description, null, 2) + '\n', 'application/json'),
    text('README.md', readme, 'text/markdown'),
    ...networkFiles.map(({ path, blob }) => ({ path: fileName(path), blob })),
  ];
}

/** A bundle that was read. `calibration` by class id, as a model source has it; null when it has none. */
export type ReadBundle<S extends BundleSlot> = {
  slot: S;
  model: ModelArtifact;
  calibration: Pick<Calibration, 'temperature' | 'thresholds'> | null;
};

/**
 * Reads a bundle back.
 * @param slots of the tasks there are. @param file gives the content of a file of the bundle, null when absent.
 * @throws StudioError `export/model-damaged` naming what is wrong.
 */
export async function readBundle<S extends BundleSlot>(
  slots: readonly S[],
  file: (path: string) => Promise<Blob | null>,
): Promise<ReadBundle<S>> {
  const damaged = (reason: string, cause?: unknown) =>
    new StudioError('export/model-damaged', { message: `The model files could not be read: ${reason}.`, cause });
  const read = async (path: string): Promise<Blob> => {
    const blob = await file(path);
    if (!blob) throw damaged(`${path} is missing`);
    return blob;
  };
  try {
    const model = JSON.parse(await (await read('model.json')).text()) as {
      modelTopology: unknown;
      weightsManifest: { weights: ModelArtifact['weightSpecs'] }[];
    };
    const foreign = 'preprocessing.json is not one this app has written';
    const about = v.safeParse(Description, JSON.parse(await (await read('preprocessing.json')).text()));
    if (!about.success) throw damaged(foreign);
    const { labels, calibration, novelty } = about.output;
    const slot = slots.find((candidate) => candidate.format === about.output.format);
    const preprocessing = slot ? v.safeParse(slot.schema, about.output.preprocessing) : null;
    if (!slot || !preprocessing?.success) throw damaged(foreign);
    const weights = await (await read('weights.bin')).arrayBuffer();
    const weightSpecs = model.weightsManifest.flatMap((group) => group.weights);
    const expected = weightSpecs.reduce(
      (sum, spec) => sum + 4 * spec.shape.reduce((product, side) => product * side, 1),
      0,
    );
    if (expected !== weights.byteLength)
      throw damaged(`weights.bin has ${weights.byteLength} bytes instead of ${expected}`);
    const classes = labels.map((name, i) => ({ id: `class-${i}`, name, color: (i % 10) + 1 }));
    const byClass = (list: readonly (number | null)[]) =>
      Object.fromEntries(classes.map(({ id }, i) => [id, list[i] ?? null]));
    return {
      slot,
      model: {
        topology: JSON.stringify(model.modelTopology),
        weightSpecs,
        weights,
        classes,
        preprocessing: preprocessing.output,
        ...(novelty ? { novelty } : {}),
      },
      calibration: calibration
        ? {
            temperature: calibration.temperature,
            thresholds: calibration.thresholds && byClass(calibration.thresholds),
          }
        : null,
    };
  } catch (error) {
    if (error instanceof StudioError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}
