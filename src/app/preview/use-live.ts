/** The commands of a preview: live on and off, and a file. Main thread. */
import { useCommands } from '../studio.svelte.ts';

/** What a preview brings; reactive. */
type Live = {
  /** Whether there is a model to try. */
  isReady: () => boolean;
  isOn: () => boolean;
  start: () => unknown;
  stop: () => unknown;
  chooseFile: () => void;
  /** What is done: "listening", "camera". */
  noun: string;
};

/** Call it in the script of a component. */
export function useLive({ isReady, isOn, start, stop, chooseFile, noun }: Live): void {
  useCommands({
    bindings: () =>
      isReady()
        ? {
            live: { run: () => (isOn() ? stop() : start()), title: `${isOn() ? 'Stop' : 'Start'} ${noun}` },
            tryFile: { run: chooseFile },
          }
        : {},
  });
}
