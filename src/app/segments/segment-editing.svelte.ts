/** What an editor of segments does to the segments of one file, whoever asks: keys, buttons, the timeline. Main thread. */
import type { Change } from '../../dataset/index.ts';
import type { ProjectSession } from '../../dataset/ui.ts';
import { classIdOf } from '../../domain/label.ts';
import type { MediaItem } from '../../domain/project.ts';
import { fileHashOf, type Stretch } from '../../domain/stretch.ts';
import { formatCount } from '../../kernel/format.ts';
import {
  addSegments,
  moveSegment,
  overlapsOf,
  removeSegment,
  segmentsOf,
  splitSegment,
  type SegmentKind,
} from './segments.ts';

/** What it works on. `item` is any example of the file. */
export type SegmentTools = {
  kind: SegmentKind;
  project: () => ProjectSession;
  item: () => MediaItem;
  offerUndo: (text: string, step: string | null) => void;
  say: (text: string) => void;
};

/** A class's number that is held while the file plays. */
type Held = { key: string; classId: string; fromSec: number };

/** See the file header. */
export class SegmentEditing {
  readonly kind: SegmentKind;
  readonly #tools: SegmentTools;
  #selectedId = $state<string | null>(null);
  #markSec = $state<number | null>(null);
  #held = $state.raw<Held | null>(null);
  readonly #ofFile = $derived.by(() =>
    segmentsOf(this.kind, this.#tools.project().items, fileHashOf(this.#tools.item().hash)),
  );

  constructor(tools: SegmentTools) {
    this.#tools = tools;
    this.kind = tools.kind;
  }

  /** By their start. */
  get segments(): readonly MediaItem[] {
    return this.#ofFile.segments;
  }

  get selected(): MediaItem | null {
    return this.segments.find(({ id }) => id === this.#selectedId) ?? null;
  }

  get fileSec(): number {
    return this.kind.stretchOf(this.#tools.item()).fileSec;
  }

  /** Where a segment was begun with a key. */
  get markSec(): number | null {
    return this.#markSec;
  }

  get held(): Held | null {
    return this.#held;
  }

  get isReadOnly(): boolean {
    return this.#tools.project().isReadOnly;
  }

  select(id: string | null): void {
    this.#selectedId = id;
  }

  /** Another file: nothing is chosen or begun. */
  begin(): void {
    this.#selectedId = this.#markSec = this.#held = null;
  }

  async add(fromSec: number, toSec: number, classId: string | null): Promise<void> {
    await this.addAll([{ startSec: fromSec, endSec: toSec }], classId);
  }

  /** Several in one step. @returns how many were long enough. */
  async addAll(stretches: readonly Stretch[], classId: string | null): Promise<number> {
    const { project, item, say, offerUndo } = this.#tools;
    if (this.isReadOnly) return 0;
    const about = $state.snapshot(item()) as MediaItem;
    const whole = $state.snapshot(this.#ofFile.whole) as MediaItem | null;
    const made = addSegments(this.kind, about, whole, stretches, classId);
    if (!made) return 0;
    const before = new Set(overlapsOf(this.kind, this.segments).flat());
    // Chosen before it is stored: the next key is about it.
    this.#selectedId = made.ids[0]!;
    const written = project().commit(
      `Added ${made.ids.length === 1 ? 'a segment' : formatCount(made.ids.length, 'segment')} of ${about.name}`,
      made.changes,
    );
    const clashes = overlapsOf(this.kind, this.segments).filter((pair) => pair.some((one) => !before.has(one)));
    const step = await written;
    if (made.ids.length > 1) offerUndo(`Added ${formatCount(made.ids.length, 'segment')}`, step);
    else if (clashes.length > 0)
      say('It lies on a segment of another class. Both are learnt from: move one if that is not meant.');
    return made.ids.length;
  }

  async move(id: string, { startSec, endSec }: Stretch): Promise<void> {
    const segment = this.segments.find((one) => one.id === id);
    if (!segment || this.isReadOnly) return;
    await this.#commit(
      'Moved a segment',
      moveSegment(this.kind, $state.snapshot(segment) as MediaItem, startSec, endSec),
    );
  }

  async split(atSec: number): Promise<void> {
    if (this.isReadOnly) return;
    await this.#commit(
      'Split a segment',
      splitSegment(this.kind, $state.snapshot(this.segments) as MediaItem[], atSec),
    );
  }

  async removeSelected(): Promise<void> {
    const { selected, segments } = this;
    if (!selected || this.isReadOnly) return;
    const { project, offerUndo } = this.#tools;
    const file = fileHashOf(selected.hash);
    const ofFile = project().items.filter(({ hash }) => fileHashOf(hash) === file);
    const at = segments.indexOf(selected);
    const next = segments[at + 1] ?? segments[at - 1] ?? null;
    const changes = removeSegment(this.kind, $state.snapshot(selected) as MediaItem, ofFile);
    this.#selectedId = next?.id ?? null;
    offerUndo('Deleted a segment', await this.#commit('Deleted a segment', changes));
  }

  async label(classId: string): Promise<void> {
    const { selected } = this;
    if (selected && !this.isReadOnly && classIdOf(selected) !== classId)
      await this.#tools.project().relabel([selected.id], classId);
  }

  /** Chooses the segment before or after; without a choice the one at a moment. @returns its start. */
  step(by: 1 | -1, atSec: number): number | null {
    const { segments } = this;
    const at = segments.findIndex(({ id }) => id === this.#selectedId);
    const next =
      at >= 0
        ? segments[Math.max(0, Math.min(segments.length - 1, at + by))]
        : by > 0
          ? (segments.find((one) => this.kind.stretchOf(one).startSec >= atSec) ?? segments.at(-1))
          : (segments.findLast((one) => this.kind.stretchOf(one).startSec <= atSec) ?? segments[0]);
    if (!next) return null;
    this.#selectedId = next.id;
    return this.kind.stretchOf(next).startSec;
  }

  markStart(atSec: number): void {
    this.#markSec = atSec;
  }

  async markEnd(atSec: number): Promise<void> {
    const fromSec = this.#markSec;
    this.#markSec = null;
    if (fromSec !== null) await this.add(fromSec, atSec, null);
  }

  /** A class's number goes down while the file plays. */
  hold(key: string, classId: string, atSec: number): void {
    this.#held ??= { key, classId, fromSec: atSec };
  }

  /** It goes up, or the window has lost the keyboard (`key` null): the segment ends. */
  async release(key: string | null, atSec: number): Promise<void> {
    const held = this.#held;
    if (!held || (key !== null && key !== held.key)) return;
    this.#held = null;
    await this.add(held.fromSec, atSec, held.classId);
  }

  #commit(label: string, changes: Change[]): Promise<string | null> {
    return this.#tools.project().commit(label, changes);
  }
}
