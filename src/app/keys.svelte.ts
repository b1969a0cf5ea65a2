/** The table of commands: what each is called, its keys, and the changes a person made. What they do is bound where they apply (`commands.svelte.ts`). Main thread. */
import type { Store } from '../dataset/index.ts';

/** A command. Those of one group, and those of Everywhere, may not share keys; without keys it is found in the palette. `isInFields`: its keys mean nothing to a field. */
type Command = { group: string; title: string; keys: string; isInFields?: boolean };

/** Commands with their keys before any change. `Mod` is Ctrl, or ⌘ on a Mac. */
const DEFAULTS = {
  palette: { group: 'Everywhere', title: 'All commands', keys: 'Mod+K', isInFields: true },
  help: { group: 'Everywhere', title: 'This list', keys: '?' },
  undo: { group: 'Everywhere', title: 'Undo', keys: 'Mod+Z' },
  redo: { group: 'Everywhere', title: 'Redo', keys: 'Mod+Shift+Z' },
  data: { group: 'Everywhere', title: 'Go to Data', keys: 'Alt+1' },
  train: { group: 'Everywhere', title: 'Go to Train', keys: 'Alt+2' },
  evaluate: { group: 'Everywhere', title: 'Go to Evaluate', keys: 'Alt+3' },
  preview: { group: 'Everywhere', title: 'Go to Preview', keys: 'Alt+4' },
  export: { group: 'Everywhere', title: 'Go to Export', keys: 'Alt+5' },
  home: { group: 'Everywhere', title: 'All projects', keys: '' },
  theme: { group: 'Everywhere', title: 'Light or dark', keys: '' },
  networks: { group: 'Everywhere', title: 'Pretrained networks', keys: '' },
  importProject: { group: 'Projects', title: 'Import project', keys: '' },
  renameProject: { group: 'Project', title: 'Rename project', keys: '' },
  saveArchive: { group: 'Project', title: 'Save project archive', keys: '' },
  newSource: { group: 'Project', title: 'New model source', keys: '' },
  addFiles: { group: 'Data', title: 'Add files', keys: '' },
  addFolder: { group: 'Data', title: 'Add folder', keys: '' },
  addClass: { group: 'Data', title: 'Add class', keys: '' },
  segments: { group: 'Data', title: 'Segment editor', keys: '' },
  first: { group: 'Data', title: 'First model', keys: '' },
  health: { group: 'Data', title: 'Health', keys: '' },
  play: { group: 'Clips', title: 'Play', keys: 'Space' },
  remove: { group: 'Clips', title: 'Delete', keys: 'Delete' },
  all: { group: 'Clips', title: 'Select all', keys: 'Mod+A' },
  rename: { group: 'Clips', title: 'Rename', keys: 'F2' },
  markStart: { group: 'Segments', title: 'A segment starts here', keys: 'I' },
  markEnd: { group: 'Segments', title: 'The segment ends here', keys: 'O' },
  split: { group: 'Segments', title: 'Split the segment here', keys: 'S' },
  loop: { group: 'Segments', title: 'Loop the segment', keys: 'L' },
  frameBack: { group: 'Segments', title: 'One frame back', keys: ',' },
  frameOn: { group: 'Segments', title: 'One frame on', keys: '.' },
  slower: { group: 'Segments', title: 'Slower', keys: 'J' },
  faster: { group: 'Segments', title: 'Faster', keys: 'K' },
  segmentBefore: { group: 'Segments', title: 'Segment before', keys: '[' },
  segmentAfter: { group: 'Segments', title: 'Segment after', keys: ']' },
  zoomIn: { group: 'Segments', title: 'Zoom in', keys: '=' },
  zoomOut: { group: 'Segments', title: 'Zoom out', keys: '-' },
  zoomSegment: { group: 'Segments', title: 'Zoom to the segment', keys: 'Z' },
  zoomWhole: { group: 'Segments', title: 'Show all of the file', keys: 'W' },
  addBox: { group: 'Boxes', title: 'Add a box in the middle', keys: 'A' },
  drawOver: { group: 'Boxes', title: 'Draw over boxes', keys: 'D' },
  points: { group: 'Boxes', title: 'Press four edges of a thing', keys: 'E' },
  newClass: { group: 'Boxes', title: 'New class', keys: 'C' },
  repeat: { group: 'Boxes', title: 'Repeat the boxes of the picture before', keys: 'R' },
  propose: { group: 'Boxes', title: 'Propose boxes', keys: 'P' },
  noObjects: { group: 'Boxes', title: 'No objects here', keys: 'M' },
  hide: { group: 'Boxes', title: 'Hide boxes', keys: 'H' },
  next: { group: 'Boxes', title: 'Next picture', keys: 'N' },
  previous: { group: 'Boxes', title: 'Previous picture', keys: 'B' },
  record: { group: 'Record', title: 'Start or stop recording', keys: 'Space' },
  start: { group: 'Train', title: 'Train', keys: 'Mod+Enter', isInFields: true },
  pause: { group: 'Train', title: 'Pause', keys: '' },
  resume: { group: 'Train', title: 'Resume', keys: '' },
  stop: { group: 'Train', title: 'Stop training', keys: '' },
  snapshot: { group: 'Train', title: 'Snapshot', keys: '' },
  live: { group: 'Preview', title: 'Start or stop live', keys: '' },
  tryFile: { group: 'Preview', title: 'Try a file', keys: '' },
  saveReport: { group: 'Evaluate', title: 'Save report', keys: '' },
} as const satisfies Record<string, Command>;

/** Name of a command. */
export type CommandId = keyof typeof DEFAULTS;
const COMMANDS: Record<CommandId, Command> = DEFAULTS;
const IDS = Object.keys(COMMANDS) as CommandId[];
const PREFERENCE = 'keys';

/** Keys that have their meaning everywhere and cannot be given to a command. */
const RESERVED = new Set(['Escape', 'Tab', 'Enter', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

/** True while the person writes: single keys mean text then. */
export function isTyping(event: Event): boolean {
  return (
    event.target instanceof HTMLElement &&
    event.target.closest(
      'input:not([type=checkbox]):not([type=radio]):not([type=range]), select, textarea, [contenteditable]',
    ) !== null
  );
}

/** True when no control has the focus: keys mean the page. */
export function isOnPage(event: Event): boolean {
  return event.target === document.body || (event.target as HTMLElement).id === 'main';
}

/** The keys of an event as one text, e.g. `Mod+Shift+Z`; null for a modifier alone. */
export function keysOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string | null {
  if (['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'Dead', 'Process'].includes(event.key)) return null;
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // The shift that makes a sign like ? is part of the sign.
  const isSign = key.length === 1 && !/[A-Z0-9]/.test(key);
  return [
    event.ctrlKey || event.metaKey ? 'Mod' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey && !isSign ? 'Shift' : '',
    key,
  ]
    .filter(Boolean)
    .join('+');
}

/** See the file header. */
export class Keys {
  readonly #store: Pick<Store, 'loadPreference' | 'savePreference'>;
  readonly #onError: (error: unknown) => void;
  #custom = $state.raw<Partial<Record<CommandId, string>>>({});

  /** @param onError told when a change could not be kept: it holds until the page closes. */
  constructor(store: Pick<Store, 'loadPreference' | 'savePreference'>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Reads what was changed; unknown names of other versions are ignored. */
  async load(): Promise<void> {
    const stored = (await this.#store.loadPreference<Record<string, unknown>>(PREFERENCE)) ?? {};
    this.#custom = Object.fromEntries(
      IDS.flatMap((id) => (typeof stored[id] === 'string' ? [[id, stored[id]]] : [])),
    ) as Partial<Record<CommandId, string>>;
  }

  get isChanged(): boolean {
    return Object.keys(this.#custom).length > 0;
  }

  /** Keys of a command; none when a person gave its own to another that is asked for at the same places. */
  keys(id: CommandId): string {
    const { keys, group } = COMMANDS[id];
    const isTaken = IDS.some(
      (other) => other !== id && this.#custom[other] === keys && [group, 'Everywhere'].includes(COMMANDS[other].group),
    );
    return this.#custom[id] ?? (isTaken ? '' : keys);
  }

  /** Keys as people read them. */
  label(id: CommandId): string {
    return this.keys(id)
      .replace('Mod', /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '') ? '⌘' : 'Ctrl')
      .replaceAll('+', ' ');
  }

  /** Whether an event asks for a command. Backspace deletes as Delete does. */
  matches(event: KeyboardEvent, id: CommandId): boolean {
    const pressed = keysOf(event);
    // In a field single keys are text, and most others mean the text.
    if (isTyping(event) && !COMMANDS[id].isInFields) return false;
    return (
      (pressed !== null && pressed === this.keys(id)) ||
      (id === 'remove' && this.#custom.remove === undefined && pressed === 'Backspace')
    );
  }

  /** Commands by group, in order. */
  groups(): { title: string; actions: { id: CommandId; title: string }[] }[] {
    return [...new Set(IDS.map((id) => COMMANDS[id].group))].map((title) => ({
      title,
      actions: IDS.filter((id) => COMMANDS[id].group === title).map((id) => ({ id, title: COMMANDS[id].title })),
    }));
  }

  /** Gives a command other keys. @returns why not, in words; null when done. */
  change(id: CommandId, keys: string): string | null {
    if (RESERVED.has(keys)) return `${keys} moves around and closes things. Choose other keys.`;
    if (/^[0-9]$/.test(keys)) return 'The numbers move clips to classes. Choose other keys.';
    const { group } = COMMANDS[id];
    const rival = IDS.find(
      (other) =>
        other !== id &&
        this.keys(other) === keys &&
        (group === 'Everywhere' || COMMANDS[other].group === 'Everywhere' || COMMANDS[other].group === group),
    );
    if (rival) return `These keys are taken: ${COMMANDS[rival].title}.`;
    const { [id]: _old, ...rest } = this.#custom;
    this.#custom = keys === COMMANDS[id].keys ? rest : { ...rest, [id]: keys };
    this.#save();
    return null;
  }

  reset(): void {
    this.#custom = {};
    this.#save();
  }

  #save(): void {
    this.#store.savePreference(PREFERENCE, this.#custom).catch(this.#onError);
  }
}
