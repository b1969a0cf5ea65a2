/** The page that travels with an exported model: one for all kinds, live and on files. Main thread; only the library is imported, so that it can lie beside it. */
import { load, openCamera, openMicrophone } from './library.ts';

const $ = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;
const video = $<HTMLVideoElement>('video');
const canvas = $<HTMLCanvasElement>('canvas');
const liveButton = $<HTMLButtonElement>('live');
const openButton = $<HTMLButtonElement>('open');
const fileInput = $<HTMLInputElement>('file');

/** The live answer in large letters changes at most this often. */
const LABEL_MS = 500;
const COLOURS = ['#f6bc35', '#7fb3d5', '#8fd0a9', '#e3a0c8', '#d9c86a', '#b9a7ff', '#6fd6f0', '#e08a78'];

type Model = Awaited<ReturnType<typeof load>>;
type Answer = { label: string | null; confidence: number; scores: Record<string, number>; novelty: number | null };
type Box = { label: string; confidence: number; x: number; y: number; width: number; height: number };

const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
const clock = (sec: number) => `${Math.floor(sec / 60)}:${(sec % 60).toFixed(1).padStart(4, '0')}`;

/** What was shown before goes: an old answer beside a new error is a lie. */
function clear(): void {
  for (const id of ['error', 'label', 'note']) $(id).textContent = '';
  $('scores').replaceChildren();
  $('found').replaceChildren();
  $('found').hidden = true;
  $('stage').hidden = true;
  video.hidden = true;
}

function fail(error: unknown): void {
  clear();
  const { name, message } = error as Error;
  const denied = name === 'NotAllowedError' || name === 'SecurityError';
  const missing = name === 'NotFoundError' || name === 'NotReadableError';
  $('error').textContent = denied
    ? 'The browser did not allow it. Allow the microphone or the camera for this page, then start again.'
    : missing
      ? 'There is no microphone or camera that can be used. Another program may have it.'
      : name === 'EncodingError' || name === 'InvalidStateError' || name === 'NotSupportedError'
        ? 'This browser cannot read that file: it may be damaged, or of a kind it does not know. Choose another, or save it in another format (WAV, MP3, JPEG, PNG, MP4).'
        : message || String(error);
}

let labelAt = -Infinity;
function showLabel(text: string): void {
  const now = performance.now();
  if (now - labelAt < LABEL_MS || $('label').textContent === text) return;
  labelAt = now;
  $('label').textContent = text;
}

function showAnswer({ label, confidence, scores, novelty }: Answer, more = ''): void {
  showLabel(label === null ? 'Not sure' : `${label}, ${percent(confidence)}`);
  const unlike = novelty !== null && novelty > 1 ? 'Unlike anything it was trained on: the answer is a guess. ' : '';
  $('note').textContent = unlike + more;
  const rows = $('scores');
  const names = Object.keys(scores);
  if (rows.children.length !== names.length)
    rows.replaceChildren(
      ...names.map((name) => {
        const row = document.createElement('div');
        row.className = 'row';
        const title = document.createElement('span');
        title.textContent = name;
        const bar = document.createElement('progress');
        bar.max = 1;
        bar.setAttribute('aria-label', name);
        row.append(title, bar, document.createElement('span'));
        return row;
      }),
    );
  names.forEach((name, i) => {
    const [, bar, value] = rows.children[i]!.children;
    (bar as HTMLProgressElement).value = scores[name]!;
    value!.textContent = percent(scores[name]!);
  });
}

function list(lines: readonly string[]): void {
  $('found').hidden = lines.length === 0;
  $('found').replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement('li');
      item.textContent = line;
      return item;
    }),
  );
}

/** An empty canvas over what plays, or as large as a picture. */
function sheet(width: number, height: number): CanvasRenderingContext2D {
  $('stage').hidden = false;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, width, height);
  return context;
}

function drawBoxes(context: CanvasRenderingContext2D, boxes: readonly Box[], labels: readonly string[]): void {
  const { width, height } = context.canvas;
  const unit = Math.max(width, height) / 400;
  context.lineWidth = 2 * unit;
  context.font = `${12 * unit}px sans-serif`;
  for (const box of boxes) {
    const colour = COLOURS[labels.indexOf(box.label) % COLOURS.length]!;
    const [x, y] = [box.x * width, box.y * height];
    context.strokeStyle = context.fillStyle = colour;
    context.strokeRect(x, y, box.width * width, box.height * height);
    const text = `${box.label} ${percent(box.confidence)}`;
    const top = Math.max(0, y - 16 * unit);
    context.fillRect(x, top, context.measureText(text).width + 8 * unit, 16 * unit);
    context.fillStyle = '#101614';
    context.fillText(text, x + 4 * unit, top + 12 * unit);
  }
}

function showBoxes(boxes: readonly Box[], labels: readonly string[]): void {
  const counts = labels.map((label) => ({ label, count: boxes.filter((box) => box.label === label).length }));
  const seen = counts.filter(({ count }) => count > 0).map(({ label, count }) => `${count} × ${label}`);
  showLabel(seen.join(', ') || 'Nothing found');
  list(boxes.map(({ label, confidence }) => `${label}, ${percent(confidence)}`));
}

function drawBody(
  landmarks: readonly { x: number; y: number; visibility: number }[] | null,
  bones: readonly (readonly [number, number])[],
): void {
  const context = sheet(video.videoWidth, video.videoHeight);
  if (!landmarks) return;
  const { width, height } = context.canvas;
  const at = (i: number) => landmarks[i]!;
  context.strokeStyle = COLOURS[0]!;
  context.lineWidth = Math.max(width, height) / 160;
  context.lineCap = 'round';
  for (const [a, b] of bones) {
    if (at(a).visibility < 0.3 || at(b).visibility < 0.3) continue;
    context.beginPath();
    context.moveTo(at(a).x * width, at(a).y * height);
    context.lineTo(at(b).x * width, at(b).y * height);
    context.stroke();
  }
}

/** Looks at what the video element plays, until it ends. */
async function watch(model: Model, signal: AbortSignal): Promise<void> {
  if ('bones' in model)
    for await (const answer of model.watch(video, { signal })) {
      drawBody(answer.landmarks, model.bones);
      const body = answer.landmarks ? '' : 'Nobody is in view. ';
      showAnswer(answer, `${body}Repetitions: ${answer.repetitions}`);
    }
  else if ('detect' in model)
    for await (const { objects } of model.watch(video, { signal })) {
      drawBoxes(sheet(video.videoWidth, video.videoHeight), objects, model.labels);
      showBoxes(objects, model.labels);
    }
  else if ('watch' in model)
    for await (const answer of model.watch(video, { signal })) {
      sheet(video.videoWidth, video.videoHeight);
      showAnswer(answer);
    }
}

/** Listens or watches until `signal` is aborted; what was opened is closed whatever happens. */
async function goLive(model: Model, signal: AbortSignal): Promise<void> {
  const stream = await ('listen' in model ? openMicrophone() : openCamera());
  const release = () => stream.getTracks().forEach((track) => track.stop());
  try {
    if (signal.aborted) return;
    if ('listen' in model) {
      for await (const answer of model.listen(stream, { signal }))
        showAnswer(answer, `Loudness ${Math.round(answer.levelDb)} dB`);
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    $('stage').hidden = false;
    await video.play();
    await watch(model, signal);
  } finally {
    release();
    video.srcObject = null;
    video.hidden = true;
  }
}

async function openFile(model: Model, file: File, signal: AbortSignal): Promise<void> {
  if ('listen' in model) {
    $('note').textContent = 'Listening to the file';
    const answer = await model.classifyFile(file);
    if (signal.aborted) return;
    showAnswer(answer);
    list(
      answer.events.map(
        ({ label, startSec, endSec, confidence }) =>
          `${clock(startSec)} to ${clock(endSec)}: ${label}, ${percent(confidence)}`,
      ),
    );
    return;
  }
  if (file.type.startsWith('image/') && !('bones' in model)) {
    const bitmap = await createImageBitmap(file);
    if (signal.aborted) return;
    const context = sheet(bitmap.width, bitmap.height);
    context.drawImage(bitmap, 0, 0);
    if ('classify' in model) showAnswer(await model.classify(bitmap));
    else {
      const found = await model.detect(bitmap);
      if (signal.aborted) return;
      drawBoxes(context, found, model.labels);
      showBoxes(found, model.labels);
    }
    return;
  }
  const address = URL.createObjectURL(file);
  try {
    video.src = address;
    video.hidden = false;
    video.controls = true;
    $('stage').hidden = false;
    await video.play();
    await watch(model, signal);
  } finally {
    video.controls = false;
    video.removeAttribute('src');
    URL.revokeObjectURL(address);
  }
}

/** What the buttons say, and the files that can be opened. */
function wordsFor(model: Model) {
  if ('listen' in model)
    return { start: 'Start listening', stop: 'Stop listening', open: 'Open a sound file', accept: 'audio/*,video/*' };
  const camera = { start: 'Start camera', stop: 'Stop camera' };
  return 'bones' in model
    ? { ...camera, open: 'Open a video', accept: 'video/*' }
    : { ...camera, open: 'Open a picture or video', accept: 'image/*,video/*' };
}

async function main(): Promise<void> {
  const model = await load();
  const words = wordsFor(model);
  document.title = $('name').textContent = model.name || 'Model';
  openButton.textContent = words.open;
  fileInput.accept = words.accept;
  liveButton.disabled = openButton.disabled = false;
  liveButton.textContent = words.start;

  let running: AbortController | null = null;
  let isLive = false;
  /** One thing at a time: what ran before has ended when the next begins. */
  let last: Promise<void> = Promise.resolve();
  function run(live: boolean, work: (signal: AbortSignal) => Promise<void>): void {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    isLive = live;
    liveButton.textContent = live ? words.stop : words.start;
    last = last.then(async () => {
      if (mine.signal.aborted) return;
      clear();
      labelAt = -Infinity;
      try {
        await work(mine.signal);
      } catch (error) {
        if (!mine.signal.aborted) fail(error);
      }
      if (running !== mine) return;
      running = null;
      isLive = false;
      liveButton.textContent = words.start;
    });
  }
  liveButton.onclick = () => {
    if (!isLive) return run(true, (signal) => goLive(model, signal));
    running?.abort();
    isLive = false;
    liveButton.textContent = words.start;
  };
  openButton.onclick = () => fileInput.click();
  fileInput.onchange = () => {
    const file = fileInput.files?.[0];
    fileInput.value = '';
    if (file) run(false, (signal) => openFile(model, file, signal));
  };
  // The lights of microphone and camera go off when the page is left.
  addEventListener('pagehide', () => running?.abort());
}

main().catch((error: unknown) => {
  $('name').textContent = 'This model cannot be used';
  fail(error);
});
