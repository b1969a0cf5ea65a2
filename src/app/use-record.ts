/** The commands of a recorder: one key starts and stops it, Escape stops. Main thread. */
import { isOnPage } from './keys.svelte.ts';
import { useCommands } from './studio.svelte.ts';

/** What a recorder brings; reactive. */
type Recorder = { isIdle: () => boolean; isReadOnly: () => boolean; record: () => unknown; stop: () => void };

/** Call it in the script of a component. */
export function useRecord({ isIdle, isReadOnly, record, stop }: Recorder): void {
  useCommands({
    // Where nothing has the focus that would use the key itself.
    accepts: isOnPage,
    bindings: () => ({
      record: {
        run: () => (isIdle() ? record() : stop()),
        title: isIdle() ? 'Record' : 'Stop recording',
        isEnabled: !isReadOnly(),
      },
    }),
    onkeydown: (event) => {
      if (event.key === 'Escape' && !isIdle()) stop();
    },
  });
}
