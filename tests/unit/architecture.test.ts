/** Holds the import table of the house (src/README.md) and the rules that keep threads apart. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../src');

/** Rooms in the order data flow; a room may import the ones before it, through their doors. */
const FLOW = ['media', 'dataset', 'features', 'evaluation', 'training', 'preview', 'export'];
const BASE: Record<string, string[]> = { kernel: [], domain: ['kernel'], rpc: ['kernel'], ui: ['kernel'] };
const DOORS = new Set(['index.ts', 'contract.ts', 'archive-contract.ts', 'jobs.ts', 'archive-jobs.ts', 'ui.ts']);

function list(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? list(path) : /\.(ts|svelte)$/.test(name) ? [path] : [];
  });
}

const files = list(ROOT).map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

function importsOf(file: { path: string; text: string }): { target: string; isType: boolean; raw: string }[] {
  const found = [
    ...file.text.matchAll(/(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/g),
  ];
  const dynamic = [...file.text.matchAll(/import\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => ({
    raw: match[1]!,
    isType: false,
  }));
  return [...found.map((match) => ({ raw: match[3]!, isType: Boolean(match[2]) })), ...dynamic].map(
    ({ raw, isType }) => ({
      raw,
      isType,
      target: raw.startsWith('.') ? normalize(join(dirname(file.path), raw.replace(/\?.*$/, ''))) : raw,
    }),
  );
}

const roomOf = (path: string) => path.split('/')[0]!;

function mayImport(from: string, to: string): boolean {
  if (from === to || from === 'main.ts' || from === 'app') return true;
  if (BASE[from]) return BASE[from].includes(to);
  const at = FLOW.indexOf(from);
  return ['kernel', 'domain', 'rpc'].includes(to) || (FLOW.indexOf(to) >= 0 && FLOW.indexOf(to) < at);
}

describe('the house', () => {
  it('imports only along the table', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(
          ({ raw, target }) =>
            raw.startsWith('.') && !target.startsWith('..') && !mayImport(roomOf(file.path), roomOf(target)),
        )
        .map(({ target }) => `${file.path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('enters rooms through their doors', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ raw, target, isType }) => {
          if (!raw.startsWith('.') || isType || file.path.startsWith('export/runtime/')) return false;
          const room = roomOf(target);
          if (!FLOW.includes(room) || room === roomOf(file.path)) return false;
          const inside = target.slice(room.length + 1);
          // The sample rate is a constant every thread needs without the rest of its room.
          return !DOORS.has(inside) && target !== 'media/rate.ts';
        })
        .map(({ target }) => `${file.path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps plain modules free of Svelte', () => {
    const wrong = files
      .filter(
        (file) =>
          file.path.endsWith('.ts') &&
          !file.path.includes('.svelte') &&
          !file.path.endsWith('ui.ts') &&
          roomOf(file.path) !== 'app' &&
          file.path !== 'main.ts',
      )
      .flatMap((file) =>
        importsOf(file)
          .filter(({ raw, isType }) => raw.includes('.svelte') && !isType)
          .map(({ raw }) => `${file.path} -> ${raw}`),
      );
    expect(wrong).toEqual([]);
  });

  it('never reaches tfjs or a decoder from the page', () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const seen = new Set<string>();
    const reached: string[] = [];
    const visit = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      const file = byPath.get(path);
      if (!file) return;
      for (const { raw, target, isType } of importsOf(file)) {
        if (isType) continue;
        if (/^(@tensorflow|mediabunny|meyda|@zip\.js)/.test(raw)) reached.push(`${path} -> ${raw}`);
        visit(target);
      }
    };
    visit('main.ts');
    expect(seen.size).toBeGreaterThan(60);
    expect(reached).toEqual([]);
  });

  it('has no import cycles', () => {
    const edges = new Map(
      files.map((file) => [
        file.path,
        importsOf(file)
          .filter(({ raw, isType }) => raw.startsWith('.') && !isType)
          .map(({ target }) => target),
      ]),
    );
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (path: string, trail: string[]) => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
        return;
      }
      state.set(path, 'open');
      for (const next of edges.get(path) ?? []) if (edges.has(next)) visit(next, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('asks for devices, clocks and threads in one named file each', () => {
    const rules: [RegExp, string[]][] = [
      [/new Worker\(/, ['app/workers.ts']],
      [/getUserMedia\(/, ['media/microphone.ts', 'media/camera.ts', 'export/runtime/runtime.ts']],
      [/Date\.now\(/, ['kernel/clock.ts']],
      [/Math\.random\(/, []],
      [/openDB[<(]/, ['dataset/schema.ts']],
      [/navigator\.gpu/, ['kernel/gpu.ts']],
    ];
    const wrong = rules.flatMap(([pattern, allowed]) =>
      files
        .filter((file) => pattern.test(file.text) && !allowed.includes(file.path))
        .map((file) => `${file.path}: ${pattern}`),
    );
    expect(wrong).toEqual([]);
  });

  it('documents every exported symbol', () => {
    const wrong = files
      .filter((file) => file.path.endsWith('.ts'))
      .flatMap((file) => {
        const lines = file.text.split('\n');
        if (!/^\/\*\*/.test(lines[0]!)) return [`${file.path}: no header`];
        return lines.flatMap((line, i) => {
          if (!/^export (async function|function|class|const|type \w|interface)/.test(line)) return [];
          return lines[i - 1]?.trimEnd().endsWith('*/') ? [] : [`${file.path}:${i + 1} ${line.slice(0, 60)}`];
        });
      });
    expect(wrong).toEqual([]);
  });
});
