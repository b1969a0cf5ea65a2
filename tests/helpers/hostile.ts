/** Inputs as an attacker, a broken disk or a bad exporter makes them: valid ones, changed at random. A seed gives the same ones again. */
import type { Random } from '../../src/kernel/random.ts';

const NUMBERS = [
  ...['-1', '0', '1e309', '-1e309', '4000000000', '9007199254740993', '1e-320', 'NaN', 'null', '""', '"7"', '0.5.5'],
  ...['true', '[]', '{}', '99999999999999999999999999'],
];
const TEXTS = [
  ...['__proto__', 'constructor', 'toString', '', ' ', '../../x', 'a\u0000b', '\u202egpj', '🐕', 'e\u0301'],
  ...['='.repeat(300), 'a'.repeat(20_000), '"', "'", '<', '&amp;', '&x;', '\\', '%', '\ud800', '1', '-'],
];
const PIECES = [
  ...['[', ']', '{', '}', ',', ':', '"', "'", '\n', '\r', '\t', ';', '\u0000', '\ufeff', '<!--', '<![CDATA[', ']]>'],
  ...[
    '[['.repeat(4000),
    '{"a":'.repeat(3000),
    '"'.repeat(5001),
    ','.repeat(5000),
    '\n'.repeat(5000),
    '<a>'.repeat(3000),
  ],
  ...['//', '/*', '*/', '#', '- - - - ', '&a [*a]', '!!js/function >', '%', '\\u0000', 'e', '.'],
];

const pick = <T>(random: Random, list: readonly T[]): T => list[random.int(list.length)]!;

/** A match of the pattern, replaced. */
function replaceOne(text: string, pattern: RegExp, random: Random, by: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: old, index } = pick(random, found);
  return text.slice(0, index) + by(old) + text.slice(index + old.length);
}

/** A text with one to four changes. @param others valid texts, parts of which may stray in. */
export function spoilText(text: string, others: readonly string[], random: Random): string {
  let out = text;
  for (let i = 1 + random.int(4); i > 0; i--) {
    const at = random.int(out.length + 1);
    const end = Math.min(out.length, at + random.int(60));
    out = pick(random, [
      () => out.slice(0, at),
      () => out.slice(0, at) + out.slice(end),
      () => out.slice(0, end) + out.slice(at, end).repeat(1 + random.int(40)) + out.slice(end),
      () => out.slice(0, at) + pick(random, PIECES) + out.slice(at),
      () => replaceOne(out, /-?\d+(\.\d+)?/g, random, () => pick(random, NUMBERS)),
      () => replaceOne(out, /-?\d+(\.\d+)?/g, random, () => pick(random, NUMBERS)),
      () => replaceOne(out, /[A-Za-z_][\w.-]*/g, random, () => pick(random, TEXTS)),
      () => replaceOne(out, /[A-Za-z_][\w.-]*/g, random, () => pick(random, TEXTS)),
      () => {
        const other = pick(random, others);
        return out.slice(0, at) + other.slice(random.int(other.length)) + out.slice(end);
      },
      () => (out.length < 20_000 ? out.repeat(1 + random.int(30)) : out),
    ])();
  }
  return out.slice(0, 400_000);
}

/** Bytes with one to eight changes: cut, set, spans set to zeros or to ones, numbers made huge. @param within where they are, from the start. */
export function spoilBytes(bytes: Uint8Array, random: Random, within = bytes.length): Uint8Array<ArrayBuffer> {
  let out = Uint8Array.from(bytes);
  for (let i = 1 + random.int(8); i > 0 && out.length > 0; i--) {
    const at = random.int(Math.min(within, out.length));
    const how = random.int(20);
    if (how === 0) out = out.slice(0, at);
    else if (how < 3) out.fill(how === 1 ? 0 : 255, at, at + 1 + random.int(16));
    else if (how < 6) out.fill(255, at, at + 4);
    else out[at] = random.int(256);
  }
  return out;
}
