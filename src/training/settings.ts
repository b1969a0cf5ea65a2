/** Settings as a file gives them, and back: the flat keys of the headless runner's config. Any thread. */
import * as v from 'valibot';
import type { Algorithm, CommonSettings } from '../domain/settings.ts';
import type { Modality, Problem, TrainingSettings } from '../domain/task.ts';
import { StudioError } from '../kernel/errors.ts';

const between = (low: number, high: number) => v.pipe(v.number(), v.minValue(low), v.maxValue(high));
const whole = (low: number, high: number) => v.pipe(between(low, high), v.integer());
const flag = v.boolean();
const Window = { windowSec: between(0.5, 15), overlapRatio: between(0, 0.9) };

/** Bounds of every value; also the documentation of the config. */
const COMMON = {
  algorithm: v.string(),
  iterations: v.nullable(whole(1, 2000)),
  batchSize: whole(4, 256),
  learningRate: between(1e-5, 0.1),
  seed: whole(0, 2 ** 31 - 1),
  validation: v.picklist(['automatic', 'own', 'none']),
  validationShare: between(0.05, 0.5),
  keepTogether: v.picklist(['recording', 'session', 'pattern']),
  groupPattern: v.string(),
  patience: whole(0, 1000),
  copies: whole(0, 8),
  engine: v.nullable(v.picklist(['webgpu', 'webgl', 'wasm', 'cpu'])),
} satisfies Record<keyof CommonSettings, v.GenericSchema>;
const MODALITIES: Record<Modality, Record<string, v.GenericSchema>> = {
  sound: {
    ...Window,
    augment: v.strictObject({
      specAugment: flag,
      timeShift: flag,
      gain: flag,
      mixup: flag,
      backgroundClassId: v.nullable(v.string()),
    }),
  },
  movement: {
    ...Window,
    frameRateHz: v.nullable(between(2, 120)),
    joints: v.picklist(['body', 'upper-body', 'all']),
    mirror: flag,
    noise: flag,
    turn: flag,
    speed: flag,
  },
  picture: {
    mirror: flag,
    crop: flag,
    colour: flag,
    rotate: flag,
  },
};
const PROBLEMS: Record<Problem, Record<string, v.GenericSchema>> = {
  classification: { balanceClasses: flag, head: v.picklist(['linear', 'hidden']) },
  detection: { tiles: v.nullable(v.picklist([1, 2, 3])), mosaic: flag, unfreezeFrom: whole(0, 17) },
};

/** Sides of the square a network sees: boxes want a large one. */
const PIXELS: Record<Problem, Record<string, v.GenericSchema>> = {
  classification: { pixels: v.nullable(v.picklist([64, 96, 128, 160, 224])) },
  detection: { pixels: v.nullable(v.picklist([320, 480, 640])) },
};

/** Keys that stand at the top of a config; others of a modality and its problem stand together under a name. */
const AT_TOP = new Set(['windowSec', 'overlapRatio', 'augment', 'balanceClasses', 'head']);
const GROUPS: Record<Modality, string | null> = { sound: null, movement: 'motion', picture: 'vision' };

type Values = Record<string, unknown>;
const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys that any task has: those of another task are left aside, others are a mistake. */
const ALL_KEYS = new Set([
  ...Object.keys(COMMON),
  ...[...Object.values(MODALITIES), ...Object.values(PROBLEMS), ...Object.values(PIXELS)].flatMap((fields) =>
    Object.keys(fields),
  ),
  ...Object.values(GROUPS).filter((name) => name !== null),
]);

const refuse = (path: string, reason: string) =>
  new StudioError('studio/bad-arguments', { message: `The setting ${path} is not usable: ${reason}.` });

/**
 * Defaults overridden by a config. @param make the defaults of a task, for an algorithm of its own when one is given.
 * @throws StudioError `studio/bad-arguments` naming the key and what it may be.
 */
export function readConfig(
  config: unknown,
  algorithms: readonly Algorithm[],
  make: (algorithm: Algorithm | null) => TrainingSettings,
): TrainingSettings {
  const given = (config ?? {}) as Values;
  if (!isValues(given)) throw refuse('config', 'it is no object');
  for (const key of Object.keys(given)) if (!ALL_KEYS.has(key)) throw refuse(key, 'there is no such setting');
  const algorithm = given.algorithm as Algorithm | undefined;
  if (algorithm !== undefined && !algorithms.includes(algorithm))
    throw refuse('algorithm', `Expected ${algorithms.join(', ')} but received ${String(algorithm)}`);
  const base = make(algorithm ?? null);
  const group = GROUPS[base.modality.kind];
  const grouped = group && isValues(given[group]) ? given[group] : {};
  const ofModality = {
    ...MODALITIES[base.modality.kind],
    ...('pixels' in base.modality ? PIXELS[base.problem.kind] : {}),
  };
  const own = { ...ofModality, ...PROBLEMS[base.problem.kind] };
  for (const key of Object.keys(grouped))
    if (!own[key] || AT_TOP.has(key)) throw refuse(`${group}.${key}`, 'there is no such setting');
  const read = <T extends object>(into: T, fields: Record<string, v.GenericSchema>, isCommon: boolean): T => {
    const out = { ...into } as Values;
    for (const [key, schema] of Object.entries(fields)) {
      const isTop = isCommon || AT_TOP.has(key);
      const value = (isTop ? given : grouped)[key];
      if (value === undefined) continue;
      const before = out[key];
      const next = isValues(value) && isValues(before) ? { ...before, ...value } : value;
      const parsed = v.safeParse(schema, next);
      if (!parsed.success) {
        const [issue] = parsed.issues;
        const inner = (issue.path ?? []).map((step) => String(step.key));
        throw refuse([...(isTop ? [] : [group!]), key, ...inner].join('.'), issue.message);
      }
      out[key] = parsed.output;
    }
    return out as unknown as T;
  };
  const { modality, problem, ...common } = base;
  return {
    ...read(common, COMMON, true),
    modality: read(modality, ofModality, false),
    problem: read(problem, PROBLEMS[problem.kind], false),
  };
}

/** Settings as a config that gives them again. */
export function writeConfig({ modality, problem, ...common }: TrainingSettings): Values {
  const { kind, ...ofModality } = modality;
  const { kind: _kind, ...ofProblem } = problem;
  const own = Object.entries({ ...ofModality, ...ofProblem });
  const group = GROUPS[kind];
  return {
    ...common,
    ...Object.fromEntries(own.filter(([key]) => AT_TOP.has(key))),
    ...(group ? { [group]: Object.fromEntries(own.filter(([key]) => !AT_TOP.has(key))) } : {}),
  };
}

/** What every task begins with. */
export const COMMON_DEFAULTS: CommonSettings = {
  algorithm: 'full-network',
  iterations: null,
  batchSize: 32,
  learningRate: 0.003,
  seed: 7,
  validation: 'automatic',
  validationShare: 0.15,
  keepTogether: 'recording',
  groupPattern: '',
  patience: 25,
  copies: 0,
  engine: null,
};
