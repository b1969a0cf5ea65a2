/** What microphone and camera have in common: asking for one, what goes wrong in whose words, and when one falls silent. Main thread. */
import { StudioError, type ErrorCode } from '../kernel/errors.ts';
import type { Scope } from '../kernel/scope.ts';

/** See the file header. */
export type DeviceKind = 'microphone' | 'camera';
/** Calls `listener` at once and whenever what is to be said of a device changes; nothing is left when all is well. */
export type OnWarnings = (listener: (warnings: string[]) => void) => void;

const CODES = {
  microphone: {
    denied: 'media/microphone-denied',
    missing: 'media/microphone-missing',
    used: 'media/microphone-in-use',
  },
  camera: { denied: 'media/camera-denied', missing: 'media/camera-missing', used: 'media/camera-in-use' },
} as const satisfies Record<DeviceKind, Record<string, ErrorCode>>;

const nameOf = (error: unknown): string => (error instanceof DOMException ? error.name : '');
const isGone = (error: unknown) => ['NotFoundError', 'OverconstrainedError'].includes(nameOf(error));

/** What the browser answers, as an error of ours; what is none of its answers stays. */
export function deviceError(kind: DeviceKind, cause: unknown): unknown {
  const codes = CODES[kind];
  const details = { reason: cause instanceof Error ? cause.message : '' };
  switch (nameOf(cause)) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Chromium tells apart who refuses; the page cannot change what the system does.
      return /system/i.test(details.reason)
        ? new StudioError(codes.denied, {
            message: `The system does not let this browser use the ${kind}: allow it in the system’s privacy settings.`,
            cause,
          })
        : new StudioError(codes.denied, { cause });
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new StudioError(codes.missing, { details, cause });
    case 'NotReadableError':
    case 'AbortError':
      return new StudioError(codes.used, { details, cause });
    default:
      return cause;
  }
}

/**
 * Asks for a device; one that was chosen and is gone is replaced by another.
 * @param ask getUserMedia with `{ deviceId }`, or with nothing. @throws StudioError `media/…-denied`, `-missing`, `-in-use`.
 */
export async function askForDevice(
  kind: DeviceKind,
  deviceId: string | null,
  ask: (wanted: MediaTrackConstraints) => Promise<MediaStream>,
): Promise<{ stream: MediaStream; isOther: boolean }> {
  if (!navigator.mediaDevices) throw new StudioError(CODES[kind].missing);
  try {
    if (!deviceId) return { stream: await ask({}), isOther: false };
    try {
      return { stream: await ask({ deviceId: { exact: deviceId } }), isOther: false };
    } catch (error) {
      if (!isGone(error)) throw error;
      return { stream: await ask({}), isOther: true };
    }
  } catch (error) {
    throw deviceError(kind, error);
  }
}

/** What is said of a device that is open. Ends with `scope`. */
export class DeviceWarnings {
  readonly #fixed: string[];
  readonly #passing = new Map<string, string>();
  #listener: (warnings: string[]) => void = () => {};

  /** @param fixed what holds as long as it is open. @param track whose silence is said: muted by the system, a switch of the device, or a call. */
  constructor(kind: DeviceKind, track: MediaStreamTrack, fixed: string[], scope: Scope) {
    this.#fixed = fixed;
    const tellMuted = () =>
      this.say(
        'muted',
        track.muted
          ? `The ${kind} is held back: by the system, a switch on it, or a call. It goes on by itself when it is let go.`
          : null,
      );
    scope.listen(track, 'mute', tellMuted);
    scope.listen(track, 'unmute', tellMuted);
    if (track.muted) tellMuted();
    scope.add(() => (this.#listener = () => {}));
  }

  /** @param words null when it is over. */
  say(what: string, words: string | null): void {
    if (words === null) this.#passing.delete(what);
    else this.#passing.set(what, words);
    this.#listener([...this.#fixed, ...this.#passing.values()]);
  }

  readonly onWarnings: OnWarnings = (listener) => {
    this.#listener = listener;
    listener([...this.#fixed, ...this.#passing.values()]);
  };
}
