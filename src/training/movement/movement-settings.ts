/** What the app chooses for an action project, from its clips. Any thread; pure. */
import { classIdOf } from '../../domain/label.ts';
import { durationOf, type MediaItem } from '../../domain/project.ts';
import { mediaOf, modalityOf, type TrainingSettings } from '../../domain/task.ts';
import { BLAZEPOSE_JOINTS, chooseJoints } from '../../features/index.ts';
import { StudioError } from '../../kernel/errors.ts';
import { COMMON_DEFAULTS } from '../settings.ts';

/** What the app chooses; the action duration follows from the clips ({@link automaticWindowSec}). */
export const DEFAULT_MOVEMENT_SETTINGS: TrainingSettings = {
  ...COMMON_DEFAULTS,
  algorithm: 'graph-network',
  patience: 30,
  modality: {
    kind: 'movement',
    windowSec: 2,
    overlapRatio: 0.5,
    frameRateHz: null,
    joints: 'body',
    mirror: true,
    noise: true,
    turn: true,
    speed: true,
  },
  problem: { kind: 'classification', balanceClasses: true, head: 'linear' },
};

/** Frames per second of videos when nobody chose: pose estimation keeps up with it on one core. */
const VIDEO_RATE_HZ = 10;
/** Frames a window of landmark files should have: they cost nothing to read. */
const WANTED_FRAMES = 32;

/** Action duration that suits the clips: the length of the shorter ones, 0.5 to 3 s. */
export function automaticWindowSec(items: readonly MediaItem[]): number {
  const lengths = items
    .filter((item) => classIdOf(item) !== null)
    .map(durationOf)
    .sort((a, b) => a - b);
  const short = lengths[Math.floor(lengths.length / 4)] ?? 2;
  return Math.max(0.5, Math.min(3, Math.round(short * 10) / 10));
}

/** The frame rate a run uses: the chosen one, else one that suits the data. */
export function resolveFrameRate(settings: TrainingSettings, items: readonly MediaItem[]): number {
  const { frameRateHz, windowSec } = modalityOf(settings, 'movement');
  if (frameRateHz) return frameRateHz;
  const media = items.map((item) => mediaOf(item, 'movement'));
  if (media.length === 0 || media.some(({ source }) => source === 'video')) return VIDEO_RATE_HZ;
  const rates = media.map((info) => info.frameRateHz).sort((a, b) => a - b);
  const median = rates[Math.floor(rates.length / 2)]!;
  return Math.max(5, Math.min(median, Math.round(Math.max(10, WANTED_FRAMES / windowSec))));
}

/** Joints of an example. */
export const jointsOf = (item: MediaItem): readonly string[] => mediaOf(item, 'movement').joints ?? BLAZEPOSE_JOINTS;

/**
 * Joints a run looks at: those that all its examples have.
 * @throws StudioError `training/joints-differ` when the landmark files have nothing in common.
 */
export function resolveJoints(settings: TrainingSettings, items: readonly MediaItem[]): string[] {
  const sets = new Map(items.map((item) => [jointsOf(item).join(), jointsOf(item)]));
  const [first, ...rest] = sets.values();
  const common = (first ?? BLAZEPOSE_JOINTS).filter((name) => rest.every((other) => other.includes(name)));
  const joints = chooseJoints(common, modalityOf(settings, 'movement').joints);
  if (joints.length < 2) throw new StudioError('training/joints-differ');
  return joints;
}
