/**
 * A classifier of pictures as Teachable Machine saves its image models: `model.json`, `weights.bin`, `metadata.json`. Worker thread. Its library, ml5 and what is built on them load it. The
 * network of its own models is the one ours stand on, so the files are its published layers with our last ones behind them.
 * @see googlecreativelab/teachablemachine-community, libraries/image (Metadata, CustomMobileNet)
 */
import type { ModelArtifact, PicturePreprocessing } from '../domain/model.ts';
import { readLayers } from '../features/jobs.ts';
import { FormatError, sizeOf } from '../formats/index.ts';
import type { BundleFile, ModelAbout } from './bundle.ts';

type Dense = { units: number; activation: 'linear' | 'relu' };
type OwnLayer = { name: string; class_name: string; config: Dense };
type WeightSpec = { name: string; shape: number[]; dtype: 'float32' };
type Part = { class_name: string; config: unknown };

/** Its models are layers in a row; those of this app are graphs of layers. */
const isOfTeachable = ({ topology }: ModelArtifact) =>
  (JSON.parse(topology) as { class_name?: string }).class_name === 'Sequential';

/** The last layers of the model: dense ones only. @throws FormatError. */
function denseLayers({ topology, weightSpecs, weights }: ModelArtifact) {
  const { config } = JSON.parse(topology) as { config: { layers: OwnLayer[] } };
  let at = 0;
  const values = new Map(
    weightSpecs.map(({ name, shape }) => {
      const own = new Float32Array(weights, at, sizeOf(shape));
      at += 4 * sizeOf(shape);
      return [name, { shape, values: own }] as const;
    }),
  );
  return config.layers.flatMap(({ name, class_name, config: { units, activation } }) => {
    if (class_name === 'InputLayer') return [];
    const [kernel, bias] = [values.get(`${name}/kernel`), values.get(`${name}/bias`)];
    if (class_name !== 'Dense' || !kernel || !bias) throw new FormatError(`a layer ${class_name}`);
    return [{ units, activation, kernel: kernel.values.slice(), bias: bias.values.slice(), inside: kernel.shape[0]! }];
  });
}

/**
 * @param network the file of MobileNetV2, as it was published. @param temperature of its calibration, 1 without one.
 * @throws FormatError when it stands on another network or has other layers.
 */
export async function teachableFiles(
  artifact: ModelArtifact,
  about: ModelAbout,
  network: ArrayBuffer | undefined,
  temperature: number,
  savedAt: Date,
): Promise<BundleFile[]> {
  const { pixels, mean, deviation, kind, network: id } = artifact.preprocessing as PicturePreprocessing;
  if (isOfTeachable(artifact)) throw new FormatError('it came from there: use its own files');
  if (kind !== 'picture-embedding' || id !== 'mobilenet-v2' || !network)
    throw new FormatError('Teachable Machine’s models stand on MobileNetV2: choose Transfer learning');
  const layers = denseLayers(artifact);
  const [first, last] = [layers[0], layers.at(-1)];
  if (!first || !last) throw new FormatError('it has no last layer');
  // (value − mean) / deviation goes into the first layer, the temperature into the last.
  for (let o = 0; o < first.units; o++) {
    let shift = 0;
    for (let i = 0; i < first.inside; i++) {
      const place = i * first.units + o;
      first.kernel[place] = first.kernel[place]! / deviation;
      shift += first.kernel[place] * mean;
    }
    first.bias[o] = first.bias[o]! - shift;
  }
  last.kernel.forEach((value, i) => (last.kernel[i] = value / temperature));
  last.bias.forEach((value, i) => (last.bias[i] = value / temperature));

  const published = await readLayers(network);
  const [base] = (published.topology as { config: Part[] }).config as [Part];
  const own = published.weights.filter(({ name }) => !name.startsWith('dense_'));
  const topology = {
    class_name: 'Sequential',
    config: [
      base,
      {
        class_name: 'Sequential',
        config: layers.map(({ units, activation, inside }, i) => ({
          class_name: 'Dense',
          config: {
            units,
            activation: i === layers.length - 1 ? 'softmax' : activation,
            use_bias: true,
            name: `dense_Dense${i + 1}`,
            trainable: true,
            ...(i === 0 ? { batch_input_shape: [null, inside], dtype: 'float32' } : {}),
          },
        })),
      },
    ],
    keras_version: 'tfjs-layers 1.3.1',
    backend: 'tensor_flow.js',
  };
  const weights: { spec: WeightSpec; values: Float32Array }[] = [
    ...own.map(({ name, shape, values }) => ({ spec: { name, shape, dtype: 'float32' as const }, values })),
    ...layers.flatMap(({ units, inside, kernel, bias }, i) => [
      {
        spec: { name: `dense_Dense${i + 1}/kernel`, shape: [inside, units], dtype: 'float32' as const },
        values: kernel,
      },
      { spec: { name: `dense_Dense${i + 1}/bias`, shape: [units], dtype: 'float32' as const }, values: bias },
    ]),
  ];
  const model = {
    modelTopology: topology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map(({ spec }) => spec) }],
  };
  const metadata = {
    tfjsVersion: '1.3.1',
    tmVersion: '2.4.7',
    packageVersion: '0.8.4',
    packageName: '@teachablemachine/image',
    timeStamp: savedAt.toISOString(),
    userMetadata: {},
    modelName: about.name,
    labels: artifact.classes.map(({ name }) => name),
    imageSize: pixels,
  };
  const json = (path: string, content: unknown): BundleFile => ({
    path,
    blob: new Blob([JSON.stringify(content)], { type: 'application/json' }),
  });
  return [
    json('model.json', model),
    { path: 'weights.bin', blob: new Blob(weights.map(({ values }) => values as Float32Array<ArrayBuffer>)) },
    json('metadata.json', metadata),
  ];
}
