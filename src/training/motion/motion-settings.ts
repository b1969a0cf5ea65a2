/** What the app chooses for an action project, from its clips. Any thread; pure. */
import { durationOf, type MediaItem, type MotionSettings, type TrainingSettings } from '../../domain/project.ts';
import { BLAZEPOSE_JOINTS, chooseJoints } from '../../features/index.ts';
import { StudioError } from '../../kernel/errors.ts';

/** Switches of a new action classifier. */
export const DEFAULT_MOTION: MotionSettings = {
  frameRateHz: null,
  joints: 'body',
  mirror: true,
  noise: true,
  turn: true,
  speed: true,
};

/** Frames per second of videos when nobody chose: pose estimation keeps up with it on one core. */
const VIDEO_RATE_HZ = 10;
/** Frames a window of landmark files should have: they cost nothing to read. */
const WANTED_FRAMES = 32;

/** Action duration that suits the clips: the length of the shorter ones, 0.5 to 3 s. */
export function automaticWindowSec(items: readonly MediaItem[]): number {
  const lengths = items
    .filter((item) => item.motion && item.classId !== null)
    .map(durationOf)
    .sort((a, b) => a - b);
  const short = lengths[Math.floor(lengths.length / 4)] ?? 2;
  return Math.max(0.5, Math.min(3, Math.round(short * 10) / 10));
}

/** The frame rate a run uses: the chosen one, else one that suits the data. */
export function resolveFrameRate(settings: TrainingSettings, items: readonly MediaItem[]): number {
  const chosen = settings.motion?.frameRateHz;
  if (chosen) return chosen;
  if (items.length === 0 || items.some((item) => item.motion?.kind === 'video')) return VIDEO_RATE_HZ;
  const rates = items.map((item) => item.motion?.frameRateHz ?? VIDEO_RATE_HZ).sort((a, b) => a - b);
  const median = rates[Math.floor(rates.length / 2)]!;
  return Math.max(5, Math.min(median, Math.round(Math.max(10, WANTED_FRAMES / settings.windowSec))));
}

/** Joints of an example. */
export const jointsOf = (item: MediaItem): readonly string[] => item.motion?.joints ?? BLAZEPOSE_JOINTS;

/**
 * Joints a run looks at: those that all its examples have.
 * @throws StudioError `training/joints-differ` when the landmark files have nothing in common.
 */
export function resolveJoints(settings: TrainingSettings, items: readonly MediaItem[]): string[] {
  const sets = new Map(items.map((item) => [jointsOf(item).join(), jointsOf(item)]));
  const [first, ...rest] = sets.values();
  const common = (first ?? BLAZEPOSE_JOINTS).filter((name) => rest.every((other) => other.includes(name)));
  const joints = chooseJoints(common, settings.motion?.joints ?? 'body');
  if (joints.length < 2) throw new StudioError('training/joints-differ');
  return joints;
}
