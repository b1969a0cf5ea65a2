/** What is wrong or odd about clips. Any thread; pure. */
import { durationOf, type ClassLabel, type MediaItem } from '../domain/project.ts';
import { formatCount } from '../kernel/format.ts';

/** A fault of one clip; never a reason to refuse it. */
export type ClipFlag = 'silent' | 'clipped' | 'short';

/** Below this loudest sample a clip counts as silent. */
const SILENT_PEAK_DB = -50;
/** Share of clipped samples that is audible as distortion. */
const CLIPPED_RATIO = 0.001;
/** Shorter clips hold too little for any window. */
const SHORT_SEC = 0.1;
const SHORT_MOTION_SEC = 0.4;

/** Flags of a clip, worst first. */
export function flagsOf(item: MediaItem): ClipFlag[] {
  const flags: ClipFlag[] = [];
  const { sound } = item;
  if (sound && sound.peakDb < SILENT_PEAK_DB) flags.push('silent');
  if (sound && sound.clippedRatio > CLIPPED_RATIO) flags.push('clipped');
  if (durationOf(item) < (item.motion ? SHORT_MOTION_SEC : SHORT_SEC)) flags.push('short');
  return flags;
}

/** Something a person may want to change about the data. */
export type Finding = { id: string; title: string; advice: string; itemIds: string[]; classId: string | null };

/** All findings of a project, most important first. */
export function findFindings(items: readonly MediaItem[], classes: readonly ClassLabel[]): Finding[] {
  const findings: Finding[] = [];
  const counts = classes.map((label) => ({ label, count: items.filter((item) => item.classId === label.id).length }));
  const filled = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const median = filled[Math.floor(filled.length / 2)]?.count ?? 0;
  for (const { label, count } of counts) {
    if (count === 0)
      findings.push({
        id: `empty-${label.id}`,
        title: `${label.name} has no clips`,
        advice: 'It is not learnt until it has some. About 20 are a good start.',
        itemIds: [],
        classId: label.id,
      });
    else if (count < median / 2) {
      findings.push({
        id: `few-${label.id}`,
        title: `${label.name} has ${formatCount(count, 'clip')}, the median class has ${median}`,
        advice: `Record about ${median - count} more. Training balances the classes meanwhile.`,
        itemIds: [],
        classId: label.id,
      });
    }
  }
  const unlabelled = items.filter((item) => item.classId === null && item.part !== 'background');
  if (unlabelled.length)
    findings.push({
      id: 'unlabelled',
      title: `${formatCount(unlabelled.length, 'clip')} without a class`,
      advice: 'They are left out of training. Drag them onto a class, or select them and press its number.',
      itemIds: unlabelled.map((item) => item.id),
      classId: null,
    });
  const about: Record<ClipFlag, [string, string]> = {
    silent: ['nearly silent', 'Below −50 dB for their whole length. They teach the class name for silence.'],
    clipped: ['clipped', 'The loudest samples are cut flat: distorted in a way the real sound is not.'],
    short: ['very short', 'There is hardly anything to learn from.'],
  };
  for (const flag of ['silent', 'clipped', 'short'] as const) {
    const flagged = items.filter((item) => flagsOf(item).includes(flag));
    if (flagged.length)
      findings.push({
        id: flag,
        title: `${formatCount(flagged.length, 'clip')} ${flagged.length === 1 ? 'is' : 'are'} ${about[flag][0]}`,
        advice: about[flag][1],
        itemIds: flagged.map((item) => item.id),
        classId: null,
      });
  }
  return findings;
}
