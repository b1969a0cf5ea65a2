/**
 * What a person can do on the pages that are open. The table of commands with their names and keys is `keys.svelte.ts`; a page that is shown says what each of its
 * commands does (`bind`). A key, a line of the palette and a button are uses of the same binding, and the window's keys are heard here alone. Main thread.
 */
import { isTyping, type CommandId, type Keys } from './keys.svelte.ts';

/** What a command does where it is bound. */
export type Binding = {
  run: () => unknown;
  /** Says more than the table, e.g. what would be undone. */
  title?: string;
  /** False while it has nothing to do; absent means it has. */
  isEnabled?: boolean;
};
/** What a page binds. */
export type Layer = {
  bindings: () => Partial<Record<CommandId, Binding>>;
  choices?: () => readonly Choice[];
  /** Whether keys mean this page, by where the focus is; absent: always, outside of fields. */
  accepts?: (event: KeyboardEvent) => boolean;
  /** Keys that no one can change (arrows, digits, Escape). Prevents the default of those it takes. */
  onkeydown?: (event: KeyboardEvent) => void;
  onkeyup?: (event: KeyboardEvent) => void;
  /** The window has lost the keyboard: what is held is let go. */
  onblur?: () => void;
};
/** Something to do that is one of many, without keys: a project to open, a task to begin. */
export type Choice = { id: string; title: string; group: string; run: () => unknown };
/** A line of the palette. */
export type CommandEntry = { id: string; title: string; group: string; keys: string; run: () => void };

/** See the file header. */
export class Commands {
  readonly #keys: Keys;
  readonly #onError: (error: unknown) => void;
  #layers = $state.raw<readonly Layer[]>([]);

  constructor(keys: Keys, onError: (error: unknown) => void) {
    this.#keys = keys;
    this.#onError = onError;
  }

  /** @returns a function that takes the layer away. */
  bind(layer: Layer): () => void {
    // Effects of an inner page run first: what is bound later stands further out.
    this.#layers = [...this.#layers, layer];
    return () => (this.#layers = this.#layers.filter((other) => other !== layer));
  }

  /** What can be done now: commands in the order of the table, then choices. */
  get available(): CommandEntry[] {
    const bound = new Map<CommandId, Binding>();
    for (const layer of this.#layers)
      for (const [id, binding] of entries(layer))
        if (binding.isEnabled !== false && !bound.has(id)) bound.set(id, binding);
    const commands = this.#keys.groups().flatMap(({ title: group, actions }) =>
      actions.flatMap(({ id, title }) => {
        const binding = bound.get(id);
        const entry = { id, group, keys: this.#keys.label(id), run: () => this.run(id) };
        return binding ? [{ ...entry, title: binding.title ?? title }] : [];
      }),
    );
    const choices = this.#layers.flatMap((layer) => layer.choices?.() ?? []);
    return [...commands, ...choices.map((choice) => ({ ...choice, keys: '', run: () => this.#start(choice) }))];
  }

  /** Does what a command does where it is bound; nothing where it is not. */
  run(id: CommandId): void {
    for (const layer of this.#layers) {
      const binding = layer.bindings()[id];
      if (binding && binding.isEnabled !== false) return this.#start(binding);
    }
  }

  /** A key of the window. A dialog has the keyboard for itself. */
  keydown(event: KeyboardEvent): void {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    for (const layer of this.#layers) {
      if (layer.onkeydown && !isTyping(event)) layer.onkeydown(event);
      if (event.defaultPrevented) return;
    }
    for (const layer of this.#layers) {
      if (layer.accepts && !layer.accepts(event)) continue;
      for (const [id, binding] of entries(layer)) {
        if (binding.isEnabled === false || !this.#keys.matches(event, id)) continue;
        event.preventDefault();
        return this.#start(binding);
      }
    }
  }

  keyup(event: KeyboardEvent): void {
    for (const { onkeyup } of this.#layers) onkeyup?.(event);
  }

  blur(): void {
    for (const { onblur } of this.#layers) onblur?.();
  }

  #start({ run }: Pick<Binding, 'run'>): void {
    try {
      Promise.resolve(run()).catch(this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }
}

const entries = ({ bindings }: Layer) => Object.entries(bindings()) as [CommandId, Binding][];
