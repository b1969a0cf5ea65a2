/**
 * The one error class of the product and its catalogue. Any thread. A message says what happened, what was kept and
 * what to do, in this order; the catalogue holds the words so that rooms only name a code.
 */

/** Words for one error code: `title` = what happened, `kept` = what was kept, `advice` = what to do. */
export type ErrorEntry = { title: string; kept: string; advice: string; retry: boolean };

/** Every code the product can raise, with the words a person reads. */
export const ERROR_CATALOGUE = {
  'media/empty-file': {
    title: 'The file is empty.',
    kept: 'Nothing was added from it.',
    advice: 'Export or record it again.',
    retry: false,
  },
  'media/not-audio': {
    title: 'The file is not a sound this browser can read.',
    kept: 'Nothing was added from it.',
    advice: 'Convert it to WAV, MP3, M4A, FLAC, OGG or WebM.',
    retry: false,
  },
  'media/unreadable': {
    title: 'The file was changed or taken away since it was chosen, or this program may not open it.',
    kept: 'Nothing was added from it.',
    advice: 'Copy it to a folder on this device and add it again.',
    retry: true,
  },
  'media/zip-too-large': {
    title: 'The zip holds more than 300,000 files, or more than 40 GB when it is unpacked.',
    kept: 'Nothing was added from it.',
    advice: 'Unpack it and add a part of it.',
    retry: false,
  },
  'media/damaged': {
    title: 'The file is damaged and could not be read to its end.',
    kept: 'Nothing was added from it.',
    advice: 'Copy or export it again from where it came from.',
    retry: false,
  },
  'media/no-audio-track': {
    title: 'The file holds no sound track.',
    kept: 'Nothing was added from it.',
    advice: 'Choose a file with sound.',
    retry: false,
  },
  'media/codec-unsupported': {
    title: 'This browser cannot decode the sound in the file.',
    kept: 'Nothing was added from it.',
    advice: 'Convert it to WAV, or use a current Chrome, Edge or Safari.',
    retry: false,
  },
  'media/not-video': {
    title: 'The file is not a video this browser can read.',
    kept: 'Nothing was added from it.',
    advice: 'Convert it to MP4 (H.264) or WebM.',
    retry: false,
  },
  'media/no-video-track': {
    title: 'The file holds sound but no picture.',
    kept: 'Nothing was added from it.',
    advice: 'Choose a file with a video track.',
    retry: false,
  },
  'media/video-codec-unsupported': {
    title: 'This browser cannot decode the video in the file.',
    kept: 'Nothing was added from it.',
    advice: 'Convert it to MP4 with H.264, or to WebM. iPhones record H.264 with Camera, Formats, Most Compatible.',
    retry: false,
  },
  'media/not-landmarks': {
    title: 'The file holds no landmark sequence.',
    kept: 'Nothing was added from it.',
    advice: 'Write it in the form of docs/landmarks.md.',
    retry: false,
  },
  'media/not-picture': {
    title: 'This file is not a picture this app can read.',
    kept: 'The other files were imported.',
    advice: 'Use JPEG, PNG, WebP, AVIF or GIF.',
    retry: false,
  },
  'media/picture-format': {
    title: 'The picture has a format that browsers do not show.',
    kept: 'The other files were imported.',
    advice: 'Save it as JPEG or PNG. iPhones take JPEG with Settings, Camera, Formats, Most Compatible.',
    retry: false,
  },
  'media/picture-too-large': {
    title: 'The picture is too large to be read in a browser.',
    kept: 'The other files were imported.',
    advice: 'Save it smaller, or cut it into parts.',
    retry: false,
  },
  'media/camera-denied': {
    title: 'The browser is not letting this page use the camera.',
    kept: 'Your clips are unchanged.',
    advice: 'Open the site settings from the address bar, allow the camera, then try again.',
    retry: true,
  },
  'app/insecure-page': {
    title: 'This address is not secure, and browsers switch off there what Understudy is made of.',
    kept: 'Nothing was changed.',
    advice:
      'Open it by https, or on the computer it runs on as http://localhost. Whoever hosts it finds how in its docs/hosting.md.',
    retry: false,
  },
  'media/camera-in-use': {
    title: 'The camera is in use elsewhere, or does not answer.',
    kept: 'Your clips are unchanged.',
    advice: 'Close the call or the program that uses it, or connect it again, then try again.',
    retry: true,
  },
  'media/microphone-in-use': {
    title: 'The microphone is in use elsewhere, or does not answer.',
    kept: 'Your clips are unchanged.',
    advice: 'Close the call or the program that uses it, or connect it again, then try again.',
    retry: true,
  },
  'media/audio-suspended': {
    title: 'The browser does not start its sound, so nothing can be heard.',
    kept: 'Your clips are unchanged.',
    advice: 'Connect headphones or speakers: some browsers need a sound output to listen. Then try again.',
    retry: true,
  },
  'media/camera-missing': {
    title: 'No camera was found.',
    kept: 'Your clips are unchanged.',
    advice: 'Connect a camera, then try again.',
    retry: true,
  },
  'media/recording-unsupported': {
    title: 'This browser does not record video.',
    kept: 'Your clips are unchanged.',
    advice: 'Step into the picture, so that your landmarks can be kept, or add videos as files.',
    retry: false,
  },
  'media/camera-unplugged': {
    title: 'The camera stopped.',
    kept: 'Every finished take was kept, and what was recorded up to that moment.',
    advice: 'Connect it again, or choose another camera.',
    retry: true,
  },
  'dataset/annotations-unreadable': {
    title: 'The annotation file could not be read.',
    kept: 'Nothing was changed.',
    advice: 'Compare it with the forms described in the README.',
    retry: false,
  },
  'media/zero-length': {
    title: 'The recording has no length.',
    kept: 'Your other clips are unchanged.',
    advice: 'Record again and keep the button on for longer.',
    retry: true,
  },
  'media/microphone-denied': {
    title: 'The browser is not letting this page use the microphone.',
    kept: 'Your clips are unchanged.',
    advice: 'Open the site settings from the address bar, allow the microphone, then try again.',
    retry: true,
  },
  'media/microphone-missing': {
    title: 'No microphone was found.',
    kept: 'Your clips are unchanged.',
    advice: 'Connect a microphone, then try again.',
    retry: true,
  },
  'media/microphone-unplugged': {
    title: 'The microphone stopped while recording.',
    kept: 'Every finished take was kept, and the sound up to that moment.',
    advice: 'Connect it again, or choose another microphone.',
    retry: true,
  },
  'dataset/quota-exceeded': {
    title: 'The browser has no room left for this.',
    kept: 'Nothing was changed.',
    advice: 'Free space in Manage storage, or delete a project you no longer need.',
    retry: true,
  },
  'dataset/write-failed': {
    title: 'The browser could not write to its storage.',
    kept: 'Nothing was changed. What was saved before is still there.',
    advice: 'Try again. If that does not help, reload the page.',
    retry: true,
  },
  'dataset/schema-newer': {
    title: 'These projects were saved by a newer version of Understudy.',
    kept: 'Nothing was changed.',
    advice: 'Reload to get the newer version.',
    retry: true,
  },
  'dataset/unavailable': {
    title: 'The browser did not open its storage.',
    kept: 'Nothing was changed.',
    advice: 'Leave private browsing, or allow storage for this site, then reload.',
    retry: true,
  },
  'dataset/no-files': {
    title: 'This window keeps no files, so nothing can be added to a project.',
    kept: 'Nothing was changed.',
    advice: 'Private windows of Safari and other WebKit browsers refuse them: open Understudy in an ordinary window.',
    retry: false,
  },
  'dataset/blocked': {
    title: 'Another tab holds an older version of the storage.',
    kept: 'Nothing was changed.',
    advice: 'Close the other Understudy tabs, then reload.',
    retry: true,
  },
  'dataset/not-found': {
    title: 'This project is not on this device.',
    kept: 'Other projects are unchanged.',
    advice: 'Go back to all projects.',
    retry: false,
  },
  'dataset/read-only': {
    title: 'This project is open for changes in another tab.',
    kept: 'Nothing was changed.',
    advice: 'Press Take over here to change it in this tab.',
    retry: false,
  },
  'dataset/archive-damaged': {
    title: 'The project file is damaged or incomplete.',
    kept: 'Your projects are unchanged.',
    advice: 'Save the project archive again from the device it came from.',
    retry: false,
  },
  'dataset/archive-newer': {
    title: 'The project file was saved by a newer version of Understudy.',
    kept: 'Your projects are unchanged.',
    advice: 'Reload this page to get the newest version, then import again.',
    retry: false,
  },
  'dataset/not-an-archive': {
    title: 'This file is not an Understudy project.',
    kept: 'Your projects are unchanged.',
    advice: 'Choose a file that ends in .understudy.zip.',
    retry: false,
  },
  'dataset/no-usable-files': {
    title: 'None of the chosen files can be used.',
    kept: 'Nothing was changed.',
    advice: 'Look at the reasons in the list and choose other files.',
    retry: false,
  },
  'network/absent': {
    title: 'A pretrained network is needed that is not on this device.',
    kept: 'Your data and settings are kept.',
    advice: 'Get it under Pretrained networks, or choose an algorithm that needs none.',
    retry: true,
  },
  'network/wrong-file': {
    title: 'This file is not the pretrained network.',
    kept: 'Nothing was changed.',
    advice: 'Choose the file from the address shown, or press Download.',
    retry: false,
  },
  'network/download-failed': {
    title: 'The pretrained network could not be downloaded.',
    kept: 'Nothing was changed.',
    advice: 'Check the connection and press Download again, or get the file elsewhere and press Choose a file.',
    retry: true,
  },
  'network/failed': {
    title: 'The pretrained network stopped working on this device.',
    kept: 'Your clips and the features computed so far are kept.',
    advice: 'Try again, close other tabs if memory is short, or train with Full network.',
    retry: true,
  },
  'features/network-damaged': {
    title: 'The file of the pretrained network is damaged or incomplete.',
    kept: 'Your data and models are unchanged.',
    advice: 'Remove the network and download it again, or choose the file again.',
    retry: false,
  },
  'features/clip-missing': {
    title: 'The stored sound of a clip is missing.',
    kept: 'The other clips are unchanged.',
    advice: 'Delete the clip and add its file again.',
    retry: false,
  },
  'training/no-examples': {
    title: 'There is nothing to train on yet.',
    kept: 'Your settings are kept.',
    advice: 'Add clips with a class in Data.',
    retry: false,
  },
  'training/one-class': {
    title: 'There is only one class.',
    kept: 'Your clips and settings are kept.',
    advice: 'Add a second class. One for everything else is a good one.',
    retry: false,
  },
  'training/no-boxes': {
    title: 'There are no boxes to learn from.',
    kept: 'The pictures are kept.',
    advice: 'Draw boxes in Data, or import annotations.',
    retry: false,
  },
  'training/too-slow': {
    title: 'Plain CPU is too slow to train this network on these pictures.',
    kept: 'Nothing was changed.',
    advice: 'Choose another engine under More, or Transfer learning.',
    retry: false,
  },
  'training/diverged': {
    title: 'Training went astray: the loss is no longer a number.',
    kept: 'The best iteration so far is kept.',
    advice: 'Train again with a lower learning rate.',
    retry: true,
  },
  'training/joints-differ': {
    title: 'The landmark files have no joints in common.',
    kept: 'Your clips and settings are kept.',
    advice: 'Train on clips of one kind of skeleton, or name the joints alike.',
    retry: false,
  },
  'training/no-checkpoint': {
    title: 'There is no checkpoint to resume from.',
    kept: 'Your clips and settings are kept.',
    advice: 'Start the training again.',
    retry: false,
  },
  'training/data-changed': {
    title: 'The clips of this run were changed since it was paused.',
    kept: 'The checkpoint is kept.',
    advice: 'Undo the change to resume, or start a new run.',
    retry: false,
  },
  'evaluation/no-items': {
    title: 'There are no clips in this part of the data.',
    kept: 'Earlier scores are kept.',
    advice: 'Add clips to it in Data, or choose another part.',
    retry: false,
  },
  'gpu/unavailable': {
    title: 'This engine does not work on this device.',
    kept: 'Nothing was changed.',
    advice: 'Choose another engine in the compute menu.',
    retry: false,
  },
  'gpu/device-lost': {
    title: 'The graphics processor stopped answering.',
    kept: 'The last checkpoint is kept.',
    advice: 'Resume from the checkpoint on another engine.',
    retry: true,
  },
  'worker/hung': {
    title: 'A background thread of Understudy stopped answering.',
    kept: 'Your data and the last checkpoint are intact.',
    advice: 'Try again. If it happens again, close other tabs or choose a smaller setting.',
    retry: true,
  },
  'worker/crashed': {
    title: 'A background task stopped unexpectedly.',
    kept: 'Your data and the last checkpoint are intact.',
    advice: 'Try again; it starts afresh.',
    retry: true,
  },
  'worker/version-mismatch': {
    title: 'The app was updated while this page was open.',
    kept: 'Your data are intact.',
    advice: 'Reload the page.',
    retry: true,
  },
  'export/model-damaged': {
    title: 'The model files could not be read.',
    kept: 'Nothing was changed.',
    advice: 'Export the model again.',
    retry: false,
  },
  'export/runtime-missing': {
    title: 'A file that the exported page needs is not on this device.',
    kept: 'The model is kept as it is.',
    advice: 'Connect once and export again.',
    retry: true,
  },
  'studio/bad-arguments': {
    title: 'The command was not understood.',
    kept: 'Nothing was written.',
    advice: 'Look at npm run studio -- help.',
    retry: false,
  },
  bug: {
    title: 'Something in Understudy is broken.',
    kept: 'Your data are intact.',
    advice: 'Reload the page. If it happens again, copy the details and report them.',
    retry: true,
  },
} as const satisfies Record<string, ErrorEntry>;

/** Stable name of an error, `room/what`. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Facts that travel with an error; must survive structured clone. */
export type ErrorDetails = Record<string, string | number | boolean | null>;

/** What crosses a thread instead of an Error object (class and name are lost in structured clone). */
export type WireError = { name: string; code: string | null; message: string; details: ErrorDetails; stack: string };

/** The error every room throws. `message` may be more specific than the catalogue's title. */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, options: { message?: string; details?: ErrorDetails; cause?: unknown } = {}) {
    super(options.message ?? ERROR_CATALOGUE[code].title, { cause: options.cause });
    this.name = 'StudioError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** What happened, what was kept, what to do, as one text. */
  get sentence(): string {
    const entry = ERROR_CATALOGUE[this.code];
    return `${this.message} ${entry.kept} ${entry.advice}`;
  }
}

/** True for the error that a cancelled operation ends with; it is never shown as a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException
    ? error.name === 'AbortError'
    : error instanceof Error && error.name === 'AbortError';
}

/** The error of a cancelled operation. */
export function abortError(): DOMException {
  return new DOMException('The operation was cancelled.', 'AbortError');
}

/** Throws the abort error when `signal` is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError();
}

/** Any thrown value as a StudioError: a full storage gets its code, all else is a `bug`, a cancelled operation too: ask {@link isAbort} first. */
export function toStudioError(error: unknown): StudioError {
  if (error instanceof StudioError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return new StudioError('dataset/quota-exceeded', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new StudioError('bug', {
    details: {
      reason: `${name ? `${name}: ` : ''}${message}`,
      stack: error instanceof Error ? (error.stack ?? '') : '',
    },
    cause: error,
  });
}

/** Packs any thrown value for `postMessage`. */
export function toWireError(error: unknown): WireError {
  if (isAbort(error))
    return { name: 'AbortError', code: null, message: 'The operation was cancelled.', details: {}, stack: '' };
  const known = toStudioError(error);
  return {
    name: known.name,
    code: known.code,
    message: known.message,
    details: known.details,
    stack: known.stack ?? '',
  };
}

/** Rebuilds what {@link toWireError} packed. An unknown code (another version of the app) becomes `bug`. */
export function fromWireError(wire: WireError): Error {
  if (wire.name === 'AbortError') return abortError();
  const code = wire.code !== null && wire.code in ERROR_CATALOGUE ? (wire.code as ErrorCode) : 'bug';
  return new StudioError(code, { message: wire.message, details: { ...wire.details, workerStack: wire.stack } });
}
