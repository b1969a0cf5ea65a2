/**
 * Reading the weights of a PyTorch file: a zip with a pickled dictionary of tensors and their values beside it. Any thread; pure.
 * A pickle is a program; this reader knows the few instructions a dictionary of tensors needs and the four names it may call, and nothing it reads is ever run.
 * @see Python's pickletools for the instructions; torch.serialization for the files
 */
import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { FormatError } from './graph.ts';

configure({ useWebWorkers: false });

/** 32-bit floats, row after row. */
export type PytorchTensor = { shape: number[]; values: Float32Array };

/** What may stand on the stack. */
type Item =
  | { kind: 'plain'; value: number | string | boolean | null }
  | { kind: 'name'; name: string }
  | { kind: 'tuple'; items: Item[] }
  | { kind: 'storage'; type: string; key: string; count: number }
  | { kind: 'tensor'; tensor: PytorchTensor | null }
  | { kind: 'dictionary'; entries: Map<string, Item> };

const TENSOR = 'torch._utils._rebuild_tensor_v2';
const NAMES = new Set([TENSOR, 'torch.FloatStorage', 'torch.LongStorage', 'collections.OrderedDict']);
/** More than any network on board has. */
const MOST_VALUES = 50_000_000;

const damaged = (reason: string) => new FormatError(`the PyTorch file is not a dictionary of tensors: ${reason}`);
const numberOf = (item: Item | undefined): number => {
  if (item?.kind === 'plain' && typeof item.value === 'number' && item.value >= 0) return item.value;
  throw damaged('a number is missing');
};
const numbersOf = (item: Item | undefined): number[] => {
  if (item?.kind !== 'tuple') throw damaged('a shape is missing');
  return item.items.map(numberOf);
};

/** @param item what the tensor is made of: storage, offset, sides and strides. @returns null for whole numbers, which no weight is. */
function makeTensor(item: Item | undefined, storages: ReadonlyMap<string, Uint8Array>): PytorchTensor | null {
  if (item?.kind !== 'tuple') throw damaged('a tensor without parts');
  const [storage, from, sides, steps] = item.items;
  if (storage?.kind !== 'storage') throw damaged('a tensor without values');
  const shape = numbersOf(sides);
  const size = shape.reduce((product, side) => product * side, 1);
  if (size > MOST_VALUES) throw damaged(`${size} values`);
  if (storage.type !== 'torch.FloatStorage') return null;
  let wanted = 1;
  numbersOf(steps).forEach((_, i, all) => {
    const axis = all.length - 1 - i;
    if (shape[axis] !== 1 && all[axis] !== wanted) throw damaged('a tensor that does not lie row after row');
    wanted *= shape[axis] ?? 1;
  });
  const bytes = storages.get(storage.key);
  const offset = numberOf(from);
  if (!bytes || bytes.byteLength < 4 * (offset + size)) throw damaged(`the values of ${storage.key} are cut off`);
  return { shape, values: new Float32Array(bytes.slice(4 * offset, 4 * (offset + size)).buffer) };
}

/** The dictionary of a pickle. @param storages values by key. @throws FormatError for anything else. */
function readPickle(pickle: Uint8Array, storages: ReadonlyMap<string, Uint8Array>): Map<string, Item> {
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.byteLength);
  const stack: Item[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Item>();
  let at = 0;
  const pop = (): Item => {
    const item = stack.pop();
    if (!item) throw damaged('an empty stack');
    return item;
  };
  const sinceMark = (): Item[] => {
    const mark = marks.pop();
    if (mark === undefined || mark > stack.length) throw damaged('no mark');
    return stack.splice(mark);
  };
  const take = (bytes: number): number => {
    at += bytes;
    if (at > pickle.length) throw damaged('it is cut off');
    return at - bytes;
  };
  const line = (): string => {
    const end = pickle.indexOf(0x0a, at);
    if (end < 0) throw damaged('it is cut off');
    const text = new TextDecoder().decode(pickle.subarray(at, end));
    at = end + 1;
    return text;
  };
  const plain = (value: number | string | boolean | null) => stack.push({ kind: 'plain', value });
  const keep = (place: number) => memo.set(place, stack.at(-1) ?? pop());
  const recall = (place: number) => {
    const item = memo.get(place);
    if (!item) throw damaged('a place nothing was kept at');
    stack.push(item);
  };
  for (;;) {
    const code = pickle[take(1)]!;
    const letter = String.fromCharCode(code);
    if (code === 0x80) take(1);
    else if (letter === '.') break;
    else if (letter === '(') marks.push(stack.length);
    else if (letter === '}') stack.push({ kind: 'dictionary', entries: new Map() });
    else if (letter === ')') stack.push({ kind: 'tuple', items: [] });
    else if (letter === 't') stack.push({ kind: 'tuple', items: sinceMark() });
    else if (code >= 0x85 && code <= 0x87) {
      const items = Array.from({ length: code - 0x84 }, pop).reverse();
      stack.push({ kind: 'tuple', items });
    } else if (letter === 'X') {
      const length = view.getUint32(take(4), true);
      const from = take(length);
      plain(new TextDecoder().decode(pickle.subarray(from, from + length)));
    } else if (letter === 'K') plain(pickle[take(1)]!);
    else if (letter === 'M') plain(view.getUint16(take(2), true));
    else if (letter === 'J') plain(view.getInt32(take(4), true));
    else if (code === 0x88 || code === 0x89) plain(code === 0x88);
    else if (letter === 'N') plain(null);
    else if (letter === 'q') keep(pickle[take(1)]!);
    else if (letter === 'r') keep(view.getUint32(take(4), true));
    else if (letter === 'h') recall(pickle[take(1)]!);
    else if (letter === 'j') recall(view.getUint32(take(4), true));
    else if (letter === 'c') {
      const name = `${line()}.${line()}`;
      if (!NAMES.has(name)) throw damaged(`it calls ${name}`);
      stack.push({ kind: 'name', name });
    } else if (letter === 'Q') {
      const id = pop();
      const [what, type, key, , count] = id.kind === 'tuple' ? id.items : [];
      const isStorage = what?.kind === 'plain' && what.value === 'storage';
      if (!isStorage || type?.kind !== 'name' || key?.kind !== 'plain') throw damaged('values of another kind');
      stack.push({ kind: 'storage', type: type.name, key: String(key.value), count: numberOf(count) });
    } else if (letter === 'R') {
      const given = pop();
      const called = pop();
      if (called.kind !== 'name') throw damaged('a call of nothing');
      if (called.name === TENSOR) stack.push({ kind: 'tensor', tensor: makeTensor(given, storages) });
      else if (called.name === 'collections.OrderedDict') stack.push({ kind: 'dictionary', entries: new Map() });
      else throw damaged(`it calls ${called.name}`);
    } else if (letter === 'u' || letter === 's') {
      const pairs = letter === 's' ? [pop(), pop()].reverse() : sinceMark();
      const target = stack.at(-1);
      if (target?.kind !== 'dictionary') throw damaged('entries of nothing');
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const key = pairs[i]!;
        if (key.kind !== 'plain') throw damaged('an entry without a name');
        target.entries.set(String(key.value), pairs[i + 1]!);
      }
    } else throw damaged(`an instruction ${code}`);
  }
  const end = pop();
  if (end.kind !== 'dictionary') throw damaged('it holds something else');
  return end.entries;
}

/** The tensors of a file by name, whole numbers left out. @throws FormatError when it is anything but a dictionary of tensors. */
export async function readPytorch(file: ArrayBuffer): Promise<ReadonlyMap<string, PytorchTensor>> {
  const storages = new Map<string, Uint8Array>();
  let pickle: Uint8Array | null = null;
  try {
    const reader = new ZipReader(new Uint8ArrayReader(new Uint8Array(file)));
    for (const entry of await reader.getEntries()) {
      if (entry.directory) continue;
      const [, name = ''] = /^[^/]+\/(.+)$/.exec(entry.filename) ?? [];
      const isValues = name.startsWith('data/');
      if (!isValues && name !== 'data.pkl') continue;
      if (entry.uncompressedSize > 4 * MOST_VALUES) throw damaged('it is too large');
      const bytes = await entry.getData(new Uint8ArrayWriter());
      if (isValues) storages.set(name.slice('data/'.length), bytes);
      else pickle = bytes;
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError('the PyTorch file is no zip, or cut off', { cause });
  }
  if (!pickle) throw damaged('it has no data.pkl');
  const tensors = new Map<string, PytorchTensor>();
  for (const [name, item] of readPickle(pickle, storages))
    if (item.kind === 'tensor' && item.tensor) tensors.set(name, item.tensor);
  return tensors;
}
