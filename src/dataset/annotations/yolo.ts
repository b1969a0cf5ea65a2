/** YOLO label files and their class names. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import { numberOf, type TextFile } from './notes.ts';

/** One line of a YOLO file: class number, centre and size in ratios; or the corners of an outline. */
export function readYoloLine(line: string): { index: number; rect: Rect } | null {
  const values = line.trim().split(/\s+/).map(numberOf);
  if (values.length < 5 || !Number.isInteger(values[0]) || values[0]! < 0) return null;
  const [index, ...rest] = values as [number, ...number[]];
  if (values.length <= 6) {
    const [x, y, width, height] = rest as [number, number, number, number];
    return { index, rect: { x: x - width / 2, y: y - height / 2, width, height } };
  }
  const xs = rest.filter((_, i) => i % 2 === 0);
  const ys = rest.filter((_, i) => i % 2 === 1);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { index, rect: { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top } };
}

/** Class names of a YOLO data set: `names:` of data.yaml as a list or numbered, or one name a line. */
export function readYoloNames({ path, text }: TextFile): string[] | null {
  const name = fileName(path).toLowerCase();
  if (/\.ya?ml$/.test(name)) {
    const inline = /^names:\s*\[([^\]]*)\]/m.exec(text);
    const clean = (value: string) => value.trim().replace(/^(['"])(.*)\1$/, '$2');
    if (inline) return inline[1]!.split(',').map(clean).filter(Boolean);
    const block = /^names:\s*\r?\n((?:[ \t]+.*\r?\n?|-.*\r?\n?)+)/m.exec(text);
    if (!block) return null;
    const names: string[] = [];
    for (const line of block[1]!.split(/\r?\n/)) {
      const item = /^\s*-\s*(.+)$/.exec(line);
      const numbered = /^\s*(\d+)\s*:\s*(.+)$/.exec(line);
      if (item) names.push(clean(item[1]!));
      else if (numbered) names[Number(numbered[1])] = clean(numbered[2]!);
    }
    return names.length > 0 ? Array.from(names, (value, i) => value ?? `class ${i}`) : null;
  }
  if (/^(classes\.txt|labels\.txt|obj\.names|_darknet\.labels|.*\.names)$/.test(name))
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
  return null;
}
