/** Commands: one table, bound by the pages that are shown. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Commands, type Layer } from '../../src/app/commands.svelte.ts';
import { Keys, type CommandId } from '../../src/app/keys.svelte.ts';

/** The parts of a page that keys ask about. */
class FakeElement {
  readonly selectors: string;
  constructor(selectors = '') {
    this.selectors = selectors;
  }
  closest(selector: string) {
    return this.selectors && selector.includes(this.selectors) ? this : null;
  }
}
const page = { isDialogOpen: false };
const press = (key: string, more: Partial<KeyboardEvent> = {}, target = new FakeElement()) => {
  const event = {
    ...{ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, defaultPrevented: false, target },
    ...more,
    preventDefault() {
      this.defaultPrevented = true;
    },
  };
  return event as unknown as KeyboardEvent;
};

describe('commands', () => {
  let errors: unknown[];
  let done: string[];
  let keys: Keys;
  let commands: Commands;
  const layer = (ids: readonly CommandId[], more: Partial<Layer> = {}): Layer => ({
    bindings: () => Object.fromEntries(ids.map((id) => [id, { run: () => void done.push(id) }])),
    ...more,
  });

  beforeEach(() => {
    Object.assign(globalThis, {
      HTMLElement: FakeElement,
      document: { querySelector: () => (page.isDialogOpen ? {} : null) },
    });
    page.isDialogOpen = false;
    [errors, done] = [[], []];
    keys = new Keys({ loadPreference: async () => null, savePreference: async () => {} }, () => {});
    commands = new Commands(keys, (error) => void errors.push(error));
  });

  it('are done by their keys while their page is shown', () => {
    const end = commands.bind(layer(['undo', 'split']));
    const undo = press('z', { ctrlKey: true });
    commands.keydown(undo);
    commands.keydown(press('s'));
    expect([done, undo.defaultPrevented]).toEqual([['undo', 'split'], true]);
    end();
    const after = press('s');
    commands.keydown(after);
    expect([done.length, after.defaultPrevented]).toEqual([2, false]);
  });

  it('leave fields and dialogs their keys, but for those that mean nothing there', () => {
    commands.bind(layer(['undo', 'split', 'palette']));
    const field = new FakeElement('textarea');
    commands.keydown(press('s', {}, field));
    commands.keydown(press('z', { ctrlKey: true }, field));
    expect(done).toEqual([]);
    commands.keydown(press('k', { ctrlKey: true }, field));
    expect(done).toEqual(['palette']);
    page.isDialogOpen = true;
    commands.keydown(press('s'));
    expect(done).toEqual(['palette']);
  });

  it('follow changed keys, and what a layer takes comes first', () => {
    commands.bind(
      layer(['loop'], { onkeydown: (event) => event.key === 'q' && event.shiftKey && event.preventDefault() }),
    );
    expect(keys.change('loop', 'Q')).toBeNull();
    commands.keydown(press('l'));
    commands.keydown(press('q'));
    commands.keydown(press('q', { shiftKey: true }));
    expect(done).toEqual(['loop']);
  });

  it('are listed once, in the order of the table, with what they say now; off ones are not', () => {
    commands.bind({ bindings: () => ({ split: { run: () => {}, isEnabled: false }, train: { run: () => {} } }) });
    commands.bind({
      bindings: () => ({ undo: { run: () => {}, title: 'Undo: Renamed' }, train: { run: () => {} } }),
      choices: () => [{ id: 'open 1', title: 'Open Birds', group: 'Projects', run: () => void done.push('open') }],
    });
    const list = commands.available;
    expect(list.map(({ title }) => title)).toEqual(['Undo: Renamed', 'Go to Train', 'Open Birds']);
    list.at(-1)!.run();
    commands.run('split');
    expect(done).toEqual(['open']);
  });

  it('that are only for where the focus is are found by name and not by key', () => {
    commands.bind(layer(['all'], { accepts: () => false }));
    commands.keydown(press('a', { ctrlKey: true }));
    expect(done).toEqual([]);
    commands.run('all');
    expect(done).toEqual(['all']);
  });

  it('say what went wrong, at once or later', async () => {
    commands.bind({
      bindings: () => ({
        undo: { run: () => Promise.reject(new Error('later')) },
        redo: {
          run: () => {
            throw new Error('at once');
          },
        },
      }),
    });
    commands.run('undo');
    commands.run('redo');
    await new Promise((resolve) => setTimeout(resolve));
    expect(errors.map((error) => (error as Error).message)).toEqual(['at once', 'later']);
  });
});
