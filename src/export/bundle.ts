/** Model bundles: the files an export holds, and reading them back. Any thread; pure. */
import * as v from 'valibot';
import { fileName } from '../dataset/index.ts';
import { ANSWERING, type Answering } from '../domain/answering.ts';
import type { Calibration } from '../domain/calibration.ts';
import type { ModelArtifact, Preprocessing } from '../domain/model.ts';
import type { ClassLabel } from '../domain/project.ts';
import { StudioError } from '../kernel/errors.ts';
import { networkOf } from '../features/index.ts';
import type { Layers } from './head.ts';
import type { BundleSlot } from './slot.ts';

/** What a person writes about a model. */
export type ModelAbout = { name: string; author: string; description: string; licence: string; version: string };

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
const AnsweringFile = v.object({
  threshold: v.number(),
  smoothingSec: v.number(),
  holdOffSec: v.number(),
  overlap: v.number(),
});
const NoveltyFile = v.object({
  centres: v.array(v.array(v.number())),
  deviations: v.array(v.number()),
  limit: v.number(),
});
/** Inputs and outputs of the graph in a file of another format, and the temperature its scores were divided by inside (1 = none). */
export type GraphAbout = {
  inputs: { name: string; shape: readonly number[]; type: string; about: string }[];
  outputs: { name: string; shape: readonly number[]; type: string }[];
  temperature: number;
};

const Ports = v.array(
  v.object({ name: v.string(), shape: v.array(v.number()), type: v.string(), about: v.optional(v.string()) }),
);
/** `preprocessing.json`: every number, plus the labels in the order of the output. Field names are a contract. */
const Description = v.object({
  format: v.string(),
  version: v.literal(1),
  labels: v.array(v.string()),
  preprocessing: v.unknown(),
  graph: v.optional(v.object({ inputs: Ports, outputs: Ports, temperature: v.number() })),
  calibration: v.optional(Calibrated),
  answering: v.optional(AnsweringFile),
  novelty: v.optional(NoveltyFile),
});

/** `preprocessing.json` of models of some tasks, as a schema: `docs/preprocessing.schema.json` is made of it. */
export const descriptionSchema = (slots: readonly BundleSlot[]) =>
  v.variant(
    'format',
    slots.map(({ format, schema }) =>
      v.object({ ...Description.entries, format: v.literal(format), preprocessing: schema }),
    ),
  );

/** What stands in `preprocessing.json`. @param answering how the person chose that it answers. @param graph of files whose graph begins with what a device records: what it takes and gives. */
export function describeModel(
  slot: BundleSlot,
  artifact: ModelArtifact,
  calibration: Calibration | null,
  answering: Answering = ANSWERING,
  graph: GraphAbout | null = null,
) {
  return {
    format: slot.format,
    version: 1 as const,
    labels: artifact.classes.map((label) => label.name),
    preprocessing: artifact.preprocessing,
    ...(graph ? { graph } : {}),
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
    answering,
    // Of the features inside the network: a file that holds the whole of it does not give them out.
    ...(artifact.novelty && !graph ? { novelty: artifact.novelty } : {}),
  };
}

/** Whose networks a model stands on, and their licences: they lie beside it, or inside its file. */
function tellNetworks(slot: BundleSlot, p: Preprocessing): string {
  const lines = [...new Set([...slot.networks(p), ...slot.companions])]
    .map(networkOf)
    .map(({ title, publisher, licence }) => `- ${title}, ${publisher}, ${licence}`);
  return lines.length > 0 ? `## Pretrained networks in it\n\n${lines.join('\n')}\n\n` : '';
}

/** Lines of code that load a model from `folder` with the library beside it, and use it. */
export function codeOf({ usage }: BundleSlot, folder: string): string {
  const names = ['load', 'openCamera', 'openMicrophone'].filter((name) => name === 'load' || usage.includes(name));
  return `import { ${names.join(', ')} } from '${folder}/understudy.js';\n\nconst model = await load('${folder}/');\n${usage}`;
}

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
  answering: Answering = ANSWERING,
): BundleFile[] {
  const p = artifact.preprocessing;
  const description = describeModel(slot, artifact, calibration, answering);
  const { labels } = description;
  const model = {
    format: 'layers-model',
    generatedBy,
    convertedBy: null,
    modelTopology: JSON.parse(artifact.topology) as unknown,
    weightsManifest: [{ paths: ['weights.bin'], weights: artifact.weightSpecs }],
    userDefinedMetadata: { ...about, labels, preprocessing: p },
  };
  const readme = `# ${about.name}

${about.description || `${slot.what} trained with Understudy.`}

${about.author ? `Author: ${about.author}  \n` : ''}${about.licence ? `Licence: ${about.licence}  \n` : ''}${about.version ? `Version: ${about.version}  \n` : ''}Classes, in the order of the output: ${labels.join(', ')}

${scores.length ? `## Scores\n\n${scores.map((line) => `- ${line}`).join('\n')}\n` : ''}
## Try it

Serve this folder with any static web server (for example \`npx serve\` or \`python3 -m http.server\`) and open the address it prints.
Nothing is sent anywhere. To send the model to somebody who has no server, export it as a web page: one file that opens from disk.

## Use it in your own page

\`\`\`html
<script type="module">
${codeOf(slot, '.').replace(/^/gm, '  ')}
</script>
\`\`\`

\`understudy.js\` is one module without dependencies, with types in \`understudy.d.ts\`: import it from Vite, React or Svelte as you import your own files, and
give \`load\` the address this folder is served at (\`public/model/\` of a Vite project is \`load('/model/')\`). It resamples, cuts into overlapping windows, calibrates
and smooths as the app does. \`examples/\` has more, in other languages too. A page with a content security policy needs \`'wasm-unsafe-eval'\` and \`blob:\` in
\`script-src\`, and \`blob:\` in \`worker-src\` and \`connect-src\`.

## Compute it yourself

Load \`model.json\` with \`tf.loadLayersModel\` and give it this input.

## Input

${slot.describeInput(p)}

## Output

${slot.describeOutput(p, labels.length, calibration)}

${tellNetworks(slot, p)}All numbers are in \`preprocessing.json\`. \`golden.json\` says what a right port computes: its input by a formula (value \`i\` of all), and the first values, mean and deviation of each stage and of the answer.
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

/** A bundle that was read. `calibration` by class id, as a model source has it; null when it has none. `name`: '' when it has none. */
export type ReadBundle<S extends BundleSlot> = {
  slot: S;
  model: ModelArtifact;
  calibration: Pick<Calibration, 'temperature' | 'thresholds'> | null;
  answering: Answering;
  name: string;
};

/** Classes of a model from elsewhere, by the order of its labels. */
export const classesOf = (labels: readonly string[]): ClassLabel[] =>
  labels.map((name, i) => ({ id: `class-${i}`, name, color: (i % 10) + 1 }));

/** `preprocessing.json`, read and checked. @param text borrowed. @throws StudioError `export/model-damaged` when another program wrote it. */
export function readDescription<S extends BundleSlot>(slots: readonly S[], text: string) {
  const foreign = (cause?: unknown) =>
    new StudioError('export/model-damaged', {
      message: 'The model files could not be read: preprocessing.json is not one this app has written.',
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw foreign(cause);
  }
  const about = v.safeParse(Description, json);
  const slot = about.success ? slots.find((candidate) => candidate.format === about.output.format) : undefined;
  const preprocessing = slot && about.success ? v.safeParse(slot.schema, about.output.preprocessing) : null;
  if (!about.success || !slot || !preprocessing?.success) throw foreign();
  return { ...about.output, slot, preprocessing: preprocessing.output };
}

/** What a model says of itself, with its layers, as a source of a project has it. */
export function asRead<S extends BundleSlot>(
  { slot, labels, preprocessing, calibration, answering, novelty }: ReturnType<typeof readDescription<S>>,
  layers: Layers,
  name: string,
): ReadBundle<S> {
  const classes = classesOf(labels);
  const byClass = (list: readonly (number | null)[]) =>
    Object.fromEntries(classes.map(({ id }, i) => [id, list[i] ?? null]));
  return {
    slot,
    model: { ...layers, classes, preprocessing, ...(novelty ? { novelty } : {}) },
    name,
    answering: answering ?? ANSWERING,
    calibration: calibration
      ? {
          temperature: calibration.temperature,
          thresholds: calibration.thresholds && byClass(calibration.thresholds),
        }
      : null,
  };
}

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
      userDefinedMetadata?: { name?: unknown };
    };
    const description = readDescription(slots, await (await read('preprocessing.json')).text());
    const weights = await (await read('weights.bin')).arrayBuffer();
    const weightSpecs = model.weightsManifest.flatMap((group) => group.weights);
    const expected = weightSpecs.reduce(
      (sum, spec) => sum + 4 * spec.shape.reduce((product, side) => product * side, 1),
      0,
    );
    if (expected !== weights.byteLength)
      throw damaged(`weights.bin has ${weights.byteLength} bytes instead of ${expected}`);
    if (!new Float32Array(weights).every(Number.isFinite))
      throw damaged('weights.bin holds values that are no numbers');
    const layers = { topology: JSON.stringify(model.modelTopology), weightSpecs, weights };
    const name = model.userDefinedMetadata?.name;
    return asRead(description, layers, typeof name === 'string' ? name : '');
  } catch (error) {
    if (error instanceof StudioError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}
