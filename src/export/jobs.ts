/** Door of the export room for workers: handlers of {@link ExportContract}, and the steps that tasks build their graphs of. */
import type { Store } from '../dataset/index.ts';
import type { ModelArtifact } from '../domain/model.ts';
import { rowOf, type TaskKind } from '../domain/task.ts';
import { networkOf, type NetworkId } from '../features/index.ts';
import { loadNetwork } from '../features/jobs.ts';
import { FormatError, type Graph } from '../formats/index.ts';
import { DESCRIPTION, readModelFile, startWasm } from '../model/jobs.ts';
import { nowMs } from '../kernel/clock.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import type { Jobs } from '../rpc/contract.ts';
import { bundleFiles, type BundleFile } from './bundle.ts';
import type { Exported, ExportContract } from './contract.ts';
import { exampleFiles } from './examples.ts';
import { formOf } from './forms.ts';
import { temperatureOf, WRITERS, type Subject } from './formats.ts';
import { GOLDEN, makeGolden, type Golden } from './golden.ts';
import { HEAD, headOf, layersFrom } from './head.ts';
import { loadRuntimeFiles, makeSinglePage } from './runtime-files.ts';
import type { BundleSlot } from './slot.ts';
import { teachableFiles } from './teachable.ts';

export { addLayers, repeatBefore, standardise, toScores } from './layers.ts';
export { temperatureOf, WRITERS, type Subject } from './formats.ts';
export { GOLDEN, goldenInput, makeGolden, type Golden } from './golden.ts';
export { HEAD, headOf, layersFrom } from './head.ts';

/**
 * A model as one graph, from what a device records to scores.
 * @param files of the pretrained network it stands on. @param temperature of its calibration, 1 without one. @throws FormatError.
 */
export type BuildGraph = (
  artifact: ModelArtifact,
  files: (network: NetworkId) => readonly ArrayBuffer[],
  temperature: number,
) => Promise<Graph>;

const jsonFile = (path: string, content: unknown): BundleFile => ({
  path,
  blob: new Blob([JSON.stringify(content) + '\n'], { type: 'application/json' }),
});

/** @param store opens the database of this thread, once. @param slotOf and @param graphs by task. */
export function createExportJobs(
  store: () => Promise<Store>,
  slotOf: (task: TaskKind) => BundleSlot,
  graphs: Record<TaskKind, BuildGraph>,
): Jobs<ExportContract> {
  return {
    async readModelFile({ file, name }) {
      const { graph, said } = await readModelFile(new Uint8Array(await file.arrayBuffer()), name);
      const head = said(HEAD);
      if (!head)
        throw new StudioError('export/model-damaged', {
          message: `${name} was not opened: it does not carry what is needed to use it here. Open the TensorFlow.js export (its zip) or the web page of the same model; npm run studio -- evaluate scores this file.`,
        });
      try {
        return { description: said(DESCRIPTION)!, layers: layersFrom(head, graph) };
      } catch (cause) {
        throw new StudioError('export/model-damaged', {
          message: `${name} was not opened: it is damaged (${cause instanceof Error ? cause.message : String(cause)}).`,
          cause,
        });
      }
    },
    async exportModel(
      { task, model, about, calibration, answering, scores, generatedBy, base, formats },
      { signal, progress },
    ) {
      const slot = slotOf(task);
      const networks = new Map<NetworkId, ArrayBuffer[]>();
      for (const id of slot.networks(model.preprocessing)) networks.set(id, await loadNetwork(await store(), id));
      let graph: Promise<Graph> | null = null;
      const whole = () =>
        (graph ??= rowOf(graphs, task)(model, (id) => networks.get(id)!, temperatureOf({ calibration })));
      let pair: Promise<Golden> | null = null;
      /** A pair to check a port with. @throws FormatError for a model that is no graph. */
      const golden = () => (pair ??= whole().then(async (made) => (await startWasm(), makeGolden(made))));
      /** The same as a file; none for a model that is no graph. */
      const goldenFiles = () =>
        golden().then(
          (made) => [jsonFile(GOLDEN, made)],
          (error: unknown) => {
            if (error instanceof FormatError) return [];
            throw error;
          },
        );
      const needsLiteRt = slot.needsLiteRt(model.preprocessing);
      /** Model, weights and networks, as the page and the library read them. */
      const bundle = async (): Promise<BundleFile[]> => {
        const companions = await Promise.all(
          slot.companions.map(async (id) => [id, await loadNetwork(await store(), id)] as const),
        );
        const beside = [...networks, ...companions].flatMap(([network, contents]) =>
          networkOf(network).files.map(({ path }, i): BundleFile => ({ path, blob: new Blob([contents[i]!]) })),
        );
        return bundleFiles(slot, model, about, scores, generatedBy, beside, calibration, answering);
      };
      const results: Exported[] = [];
      for (const id of formats) {
        progress({ done: results.length, total: formats.length });
        await yieldToMessages();
        throwIfAborted(signal);
        if (id === 'tfjs') {
          const files = [
            ...(await goldenFiles()),
            ...(await bundle()),
            ...(await loadRuntimeFiles(needsLiteRt)),
            ...exampleFiles(slot, model),
          ];
          results.push({ id, files, refusal: null });
          continue;
        }
        if (id === 'html') {
          try {
            const blob = await makeSinglePage([...(await goldenFiles()), ...(await bundle())], needsLiteRt);
            results.push({ id, files: [{ path: `${base}.html`, blob }], refusal: null });
          } catch (error) {
            // Among several formats the others are written all the same.
            if (!(error instanceof StudioError) || formats.length === 1) throw error;
            results.push({ id, files: [], refusal: error.sentence });
          }
          continue;
        }
        try {
          if (id === 'teachable') {
            if (slot.teachable === null) throw new FormatError('it has none of this kind');
            const [network] = networks.get('mobilenet-v2') ?? [];
            const files = await teachableFiles(
              model,
              about,
              network,
              temperatureOf({ calibration }),
              new Date(nowMs()),
            );
            results.push({ id, files: [...files, ...(await goldenFiles())], refusal: null });
            continue;
          }
          const made = await whole();
          const subject: Subject = {
            slot,
            artifact: model,
            about,
            calibration,
            answering,
            generatedBy,
            golden: await golden(),
            head: headOf(model, made),
          };
          const blob = new Blob([await WRITERS[id](subject, made)], { type: 'application/octet-stream' });
          results.push({ id, files: [{ path: `${base}${formOf(id).suffix}`, blob }], refusal: null });
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          results.push({ id, files: [], refusal: `${formOf(id).title} cannot hold this model: ${error.message}.` });
        }
      }
      return results;
    },
  };
}
