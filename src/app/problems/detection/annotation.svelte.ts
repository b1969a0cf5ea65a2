/** Drawing and checking boxes, picture by picture: what is at hand, what is chosen, and every change. Main thread. */
import type { ProjectSession } from '../../../dataset/ui.ts';
import { intersectionOverUnion, type BoundingBox, type Rect } from '../../../domain/boxes.ts';
import { boxesOf, isLabelled } from '../../../domain/label.ts';
import type { ClassLabel, MediaItem } from '../../../domain/project.ts';
import { mediaOf } from '../../../domain/task.ts';
import { newId } from '../../../kernel/clock.ts';
import { formatCount } from '../../../kernel/format.ts';
import { uncertaintyOf, type ProposalSession } from '../../../preview/ui.ts';

/** What an annotation works on. */
export type AnnotationTools = {
  project: () => ProjectSession;
  proposing: () => ProposalSession;
  /** The pictures of the page, in their order, and the one that was picked. */
  items: () => readonly MediaItem[];
  currentId: () => string | null;
  pick: (id: string) => void;
  offerUndo: (text: string, step: string | null) => void;
  say: (text: string) => void;
  /** Whether the pretrained network is there; shows where to get it when it is not. */
  hasNetwork: () => Promise<boolean>;
};

/** Who proposes boxes: a model of the project, or (null) what the pretrained network knows by itself. */
type Proposer = {
  key: string;
  title: string;
  ref: { sourceId: string; kind: string } | null;
  leastScore: number;
  needsNetwork: boolean;
};
/** Which pictures the strip shows: all, those to do, those with proposals, those without objects, or those with a class. */
export type Shown = 'all' | 'open' | 'unsure' | 'empty' | `class ${string}`;
/** Presses of an arrow key nearer than this are one step of undo. */
const NUDGE_MS = 1500;

/** See the file header. */
export class Annotation {
  readonly #tools: AnnotationTools;
  readonly #index = $derived.by(() => {
    const { items, currentId } = this.#tools;
    return Math.max(
      0,
      items().findIndex((item) => item.id === currentId()),
    );
  });
  readonly #classes = $derived.by(
    () => new Map(this.#tools.project().project.classes.map((label) => [label.id, label])),
  );
  #classId = $state<string | null>(null);
  #selectedId = $state<string | null>(null);
  #selectedProposal = $state<number | null>(null);
  #show = $state<Shown>('all');
  #proposerKey = $state('');
  /** Class that a proposed name stands for, chosen by the person. */
  #mapped = $state.raw<Readonly<Record<string, string>>>({});
  #clipboard: readonly BoundingBox[] = [];
  /** Boxes that wait for the name of the first class. */
  #waiting = $state.raw<readonly { itemId: string; rect: Rect }[]>([]);
  #nudge = { id: '', atMs: 0, group: '' };

  constructor(tools: AnnotationTools) {
    this.#tools = tools;
  }

  // ---- what is at hand

  get items(): readonly MediaItem[] {
    return this.#tools.items();
  }
  get index(): number {
    return this.#index;
  }
  get item(): MediaItem | null {
    return this.items[this.#index] ?? null;
  }
  get boxes(): readonly BoundingBox[] {
    return this.item ? boxesOf(this.item) : [];
  }
  get classes(): ReadonlyMap<string, ClassLabel> {
    return this.#classes;
  }
  /** The class of the next box: the one that was chosen, else the first. */
  get current(): ClassLabel | null {
    return this.#classes.get(this.#classId ?? '') ?? this.#project.project.classes[0] ?? null;
  }
  get selected(): BoundingBox | null {
    return this.boxes.find((box) => box.id === this.#selectedId) ?? null;
  }
  get selectedProposal(): number | null {
    return this.#selectedProposal;
  }
  select(boxId: string | null, proposal: number | null = null): void {
    this.#selectedId = boxId;
    this.#selectedProposal = proposal;
  }

  /** The pictures of a class that is gone are all of them. */
  get show(): Shown {
    const show = this.#show;
    return show.startsWith('class ') && !this.#classes.has(show.slice('class '.length)) ? 'all' : show;
  }
  set show(value: Shown) {
    this.#show = value;
    const [first] = this.shown.filter((other) => this.#isShown(other));
    if (first && this.item && !this.#isShown(this.item)) this.#tools.pick(first.id);
  }
  #isShown(item: MediaItem): boolean {
    const { show } = this;
    switch (show) {
      case 'all':
        return true;
      case 'open':
        return !isLabelled(item);
      case 'unsure':
        return this.#tools.proposing().proposals.has(item.id);
      case 'empty':
        return isLabelled(item) && boxesOf(item).length === 0;
      default: {
        const id = show.slice('class '.length);
        return boxesOf(item).some(({ classId }) => classId === id);
      }
    }
  }
  /** The pictures of the strip, and the one at hand. */
  get shown(): readonly MediaItem[] {
    const { item } = this;
    return this.items.filter((other) => other.id === item?.id || this.#isShown(other));
  }
  get shownIndex(): number {
    const { item } = this;
    return Math.max(
      0,
      this.shown.findIndex((other) => other.id === item?.id),
    );
  }

  go(by: number): void {
    const next = this.shown[this.shownIndex + by];
    if (next) this.#tools.pick(next.id);
  }

  get #project(): ProjectSession {
    return this.#tools.project();
  }

  // ---- changes

  #annotate(next: BoundingBox[], label: string, group?: string): Promise<string | null> {
    const { item } = this;
    return item ? this.#project.annotate(item.id, next, label, group ? { group } : {}) : Promise.resolve(null);
  }

  /** Adds a box of the current class. @returns false when there is no class yet: the box waits for {@link nameClass}. */
  draw(rect: Rect): boolean {
    const { item, current } = this;
    if (!item) return true;
    if (!current) {
      this.#waiting = [...this.#waiting, { itemId: item.id, rect }];
      return false;
    }
    const box: BoundingBox = { ...rect, id: newId(), classId: current.id };
    void this.#annotate([...this.boxes, box], `Drew a box of ${current.name}`);
    this.select(box.id);
    return true;
  }

  /** Boxes of the picture at hand that wait for a name. */
  get waiting(): readonly Rect[] {
    const { item } = this;
    return this.#waiting.filter(({ itemId }) => itemId === item?.id).map(({ rect }) => rect);
  }

  /** Ends asking for a name: a new class, or (with `id`) another name of one. '' = neither: what waits goes on waiting. */
  async nameClass(name: string, id: string | null): Promise<void> {
    if (name === '') return;
    if (id) return void (await this.#project.renameClass(id, name));
    // The class and all that waited for it, in one step.
    const { project, byName } = this.#project.planClasses([name]);
    const { id: classId } = byName.get(name)!;
    const boxes = new Map<string, BoundingBox[]>();
    for (const { itemId, rect } of this.#waiting) {
      const item = this.#project.items.find((other) => other.id === itemId);
      if (item) boxes.set(itemId, [...(boxes.get(itemId) ?? boxesOf(item)), { ...rect, id: newId(), classId }]);
    }
    const own = boxes.get(this.item?.id ?? '')?.at(-1);
    const waited = this.#waiting;
    const storing =
      boxes.size > 0
        ? this.#project.annotateAll(boxes, `Drew ${formatCount(waited.length, 'box', 'boxes')} of ${name}`, project)
        : this.#project.addClass(name);
    // The class is there before it is stored: the next box is of it.
    this.#classId = this.#project.findClass(name)?.id ?? null;
    this.#waiting = [];
    if (own) this.select(own.id);
    // What could not be stored waits again.
    if ((await storing) === null) this.#waiting = [...waited, ...this.#waiting];
  }

  /** Takes boxes back that wait for a name. */
  dropWaiting(): void {
    const { item } = this;
    this.#waiting = this.#waiting.filter(({ itemId }) => itemId !== item?.id);
  }

  /** Deletes the picture at hand; the next one comes. */
  async removePicture(): Promise<void> {
    const { item, shown, shownIndex } = this;
    if (!item) return;
    const next = shown[shownIndex + 1] ?? shown[shownIndex - 1];
    if (next) this.#tools.pick(next.id);
    this.#tools.offerUndo(`Deleted ${item.name}`, await this.#project.remove([item.id]));
  }

  /** Moves or resizes a box. */
  change(id: string, { x, y, width, height }: Rect, group?: string): void {
    const next = this.boxes.map((box) => (box.id === id ? { ...box, x, y, width, height } : box));
    void this.#annotate(next, 'Changed a box', group);
  }

  /** Moves the selected box by pixels, or its lower right corner. Presses in a row are one step of undo. */
  nudge(dx: number, dy: number, isSize: boolean): void {
    const { item, selected: box } = this;
    if (!item || !box) return;
    const picture = mediaOf(item, 'picture');
    const [byX, byY] = [dx / picture.width, dy / picture.height];
    const now = performance.now();
    if (this.#nudge.id !== box.id || now - this.#nudge.atMs > NUDGE_MS)
      this.#nudge = { id: box.id, atMs: now, group: newId() };
    this.#nudge.atMs = now;
    const within = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
    const rect = isSize
      ? {
          width: within(box.width + byX, 1 / picture.width, 1 - box.x),
          height: within(box.height + byY, 1 / picture.height, 1 - box.y),
        }
      : { x: within(box.x + byX, 0, 1 - box.width), y: within(box.y + byY, 0, 1 - box.height) };
    this.change(box.id, { ...box, ...rect }, this.#nudge.group);
  }

  async remove(id: string): Promise<void> {
    const { boxes } = this;
    const box = boxes.find((candidate) => candidate.id === id);
    if (!box) return;
    const name = this.#classes.get(box.classId)?.name ?? 'no class';
    this.select(null);
    const step = await this.#annotate(
      boxes.filter((candidate) => candidate.id !== id),
      `Deleted a box of ${name}`,
    );
    this.#tools.offerUndo('Deleted a box', step);
  }

  /** The class of the next box, and of the selected one. */
  choose(label: ClassLabel): void {
    this.#classId = label.id;
    const { selected } = this;
    if (!selected || selected.classId === label.id) return;
    const next = this.boxes.map((box) => (box.id === selected.id ? { ...box, classId: label.id } : box));
    void this.#annotate(next, `Made a box ${label.name}`);
  }

  /** Adds the boxes of the last picture before that has some. */
  repeat(): void {
    if (!this.item) return;
    const before = this.items.slice(0, this.#index).findLast((other) => boxesOf(other).length > 0);
    if (!before) return this.#tools.say('No picture before this one has boxes.');
    const fresh = boxesOf(before).map((box) => ({ ...box, id: newId() }));
    const what = formatCount(fresh.length, 'box', 'boxes');
    void this.#annotate([...this.boxes, ...fresh], `Repeated ${what} of the picture before`);
  }

  copy(): void {
    this.#clipboard = this.selected ? [this.selected] : this.boxes;
  }

  paste(): void {
    const known = this.#clipboard.filter((box) => this.#classes.has(box.classId));
    if (known.length === 0 || !this.item) return;
    const fresh = known.map((box) => ({ ...box, id: newId() }));
    void this.#annotate([...this.boxes, ...fresh], `Pasted ${formatCount(fresh.length, 'box', 'boxes')}`);
  }

  markEmpty(): void {
    if (!this.item) return;
    void this.#annotate([], this.boxes.length ? 'Removed all boxes' : 'Marked as showing no objects');
    this.go(1);
  }

  // ---- proposals

  /** This project's models, newest first, then what the pretrained network knows by itself. */
  get proposers(): Proposer[] {
    const trained = this.#project.sources.filter((source) => source.bestIteration !== null || source.iteration > 0);
    return [
      ...trained.toReversed().map((source) => ({
        key: source.id,
        title: source.name,
        ref: { sourceId: source.id, kind: 'best' },
        leastScore: 0.3,
        needsNetwork: source.settings.algorithm === 'transfer-learning',
      })),
      { key: 'known', title: '90 everyday things', ref: null, leastScore: 0.35, needsNetwork: true },
    ];
  }
  get proposer(): Proposer {
    const { proposers } = this;
    return proposers.find(({ key }) => key === this.#proposerKey) ?? proposers[0]!;
  }
  chooseProposer(key: string): void {
    this.#proposerKey = key;
  }

  get mapped(): Readonly<Record<string, string>> {
    return this.#mapped;
  }
  /** Says which class a proposed name stands for. */
  map(name: string, classId: string): void {
    this.#mapped = { ...this.#mapped, [name]: classId };
  }
  #classOf(name: string): ClassLabel | null {
    return this.#classes.get(this.#mapped[name] ?? '') ?? this.#project.findClass(name);
  }

  /** What a model proposes for the picture at hand; what somebody drew already is not proposed again. */
  get proposals() {
    const { boxes, item } = this;
    const proposal = item && this.#tools.proposing().proposals.get(item.id);
    return (proposal?.found ?? []).flatMap((box, index) => {
      const raw = proposal!.labels[box.classIndex]!;
      const known = this.#classOf(raw);
      const isDrawn = boxes.some((other) => other.classId === known?.id && intersectionOverUnion(other, box) > 0.5);
      return isDrawn ? [] : [{ ...box, index, name: known?.name ?? raw, raw, color: known?.color ?? 10 }];
    });
  }
  get proposedBy(): string {
    const { item } = this;
    return (item && this.#tools.proposing().proposals.get(item.id)?.model) ?? '';
  }
  /** Pictures with proposals that wait, and pictures to do without any. */
  get waitingCount(): number {
    return this.items.filter((other) => this.#tools.proposing().proposals.has(other.id)).length;
  }
  get openItems(): MediaItem[] {
    return this.items.filter((other) => !isLabelled(other) && !this.#tools.proposing().proposals.has(other.id));
  }

  /** The first of the pictures with proposals, least sure first. */
  #pickUnsure(list: readonly MediaItem[]): void {
    const { proposals } = this.#tools.proposing();
    const [first] = list
      .flatMap((item) => proposals.get(item.id) ?? [])
      .map(uncertaintyOf)
      .toSorted((a, b) => b - a);
    const next = list.find((item) => proposals.has(item.id) && uncertaintyOf(proposals.get(item.id)!) === first);
    if (next) this.#tools.pick(next.id);
  }
  /** The picture a model is least sure of comes next. */
  toNextProposal(): void {
    const { item } = this;
    this.#pickUnsure(this.items.filter((other) => other.id !== item?.id));
  }

  async propose(list: readonly MediaItem[]): Promise<void> {
    const { hasNetwork, say } = this.#tools;
    const proposing = this.#tools.proposing();
    const { proposer } = this;
    if (list.length === 0) return say('Every picture is done.');
    if (proposer.needsNetwork && !(await hasNetwork())) return;
    await proposing.propose(list, proposer);
    if (proposing.state.kind !== 'idle') return;
    const found = list.filter((other) => (proposing.proposals.get(other.id)?.found.length ?? 0) > 0);
    if (list.length > 1) return this.#pickUnsure(found);
    if (found.length === 0) {
      say(`${proposer.title} sees nothing here it is sure of.`);
      proposing.drop(list[0]!.id, null);
    } else if (list[0]!.id === this.item?.id) this.#selectedProposal = this.proposals[0]?.index ?? null;
  }

  /** Makes boxes of proposals, and classes of their names where there are none. */
  async accept(indices: readonly number[]): Promise<void> {
    const { item, boxes } = this;
    if (!item) return;
    const chosen = this.proposals.filter((box) => indices.includes(box.index));
    if (chosen.length === 0) return;
    const { project, byName } = this.#project.planClasses(
      new Set(chosen.filter((box) => !this.#classOf(box.raw)).map((box) => box.raw)),
    );
    const added = chosen.map(({ x, y, width, height, raw }): BoundingBox => {
      const { id: classId } = this.#classOf(raw) ?? byName.get(raw)!;
      return { x, y, width, height, id: newId(), classId };
    });
    this.#settle(item.id, indices);
    await this.#project.annotate(item.id, [...boxes, ...added], `Accepted ${formatCount(added.length, 'proposal')}`, {
      project,
    });
  }

  reject(indices: readonly number[]): void {
    if (this.item) this.#settle(this.item.id, indices);
  }

  /** Proposals were decided: the next one of the picture is chosen, else the next picture. */
  #settle(id: string, indices: readonly number[]): void {
    const isLast = this.proposals.every((box) => indices.includes(box.index));
    this.#tools.proposing().drop(id, isLast ? null : new Set(indices));
    this.#selectedProposal = isLast ? null : (this.proposals[0]?.index ?? null);
    if (isLast) this.toNextProposal();
  }
}
