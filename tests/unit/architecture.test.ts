/** Holds the import table of the house (src/README.md) and the rules that keep threads apart. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../src');

/** Rooms in the order data flow; a room may import the ones before it, through their doors. The table in src/README.md has the same order. */
const FLOW = [
  'media',
  'dataset',
  'features',
  'model',
  'evaluation',
  'training',
  'preview',
  'export',
  'tasks',
  'runtime',
  'app',
  'headless',
];
const BASE: Record<string, string[]> = {
  kernel: [],
  domain: ['kernel'],
  rpc: ['kernel'],
  ui: ['kernel'],
  formats: ['kernel'],
};
/** What uses a model does not know how it came to be. */
const WITHOUT_TRAINING = ['preview', 'export'];
const DOORS = new Set([
  'index.ts',
  'outside.ts',
  'contract.ts',
  'archive-contract.ts',
  'jobs.ts',
  'archive-jobs.ts',
  'ui.ts',
]);

function list(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? list(path) : /\.(ts|svelte)$/.test(name) ? [path] : [];
  });
}

const files = list(ROOT).map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

type Import = { target: string; raw: string; isType: boolean; isLazy: boolean };

function importsOf(file: { path: string; text: string }): Import[] {
  const found = [
    ...file.text.matchAll(/(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/g),
  ];
  const dynamic = [...file.text.matchAll(/import\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => ({
    raw: match[1]!,
    isType: false,
    isLazy: true,
  }));
  return [...found.map((match) => ({ raw: match[3]!, isType: Boolean(match[2]), isLazy: false })), ...dynamic].map(
    ({ raw, isType, isLazy }) => ({
      raw,
      isType,
      isLazy,
      target: raw.startsWith('.') ? normalize(join(dirname(file.path), raw.replace(/\?.*$/, ''))) : raw,
    }),
  );
}

const roomOf = (path: string) => path.split('/')[0]!;

/** What a task shows on the page: the one place below app that names its components (and loads them when they are shown). */
const isViews = (path: string) => /^tasks\/(\w+\/)?views?\.ts$/.test(path);

function mayImport(file: string, target: string): boolean {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to || from === 'main.ts') return true;
  if (BASE[from]) return BASE[from].includes(to);
  // Pages of somebody else's, not of the app.
  if (to === 'runtime') return false;
  if (WITHOUT_TRAINING.includes(from) && to === 'training') return false;
  if (from === 'tasks' && to === 'app') return isViews(file);
  if (to === 'ui') return ['tasks', 'app', 'headless'].includes(from);
  const at = FLOW.indexOf(from);
  return ['kernel', 'domain', 'rpc', 'formats'].includes(to) || (FLOW.indexOf(to) >= 0 && FLOW.indexOf(to) < at);
}

describe('the house', () => {
  it('imports only along the table', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ raw, target }) => raw.startsWith('.') && !target.startsWith('..') && !mayImport(file.path, target))
        .map(({ target }) => `${file.path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('hears the keys of the window in one place', () => {
    const hearing = files.filter(({ text }) => {
      const heads = [...text.matchAll(/<svelte:(window|document|body)([^]*?)\/>/g)].map((match) => match[2]!);
      return heads.some((head) => /onkey/.test(head)) || /addEventListener\('key/.test(text);
    });
    expect(hearing.map(({ path }) => path)).toEqual(['app/App.svelte']);
  });

  it('enters rooms through their doors', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ raw, target, isType }) => {
          if (!raw.startsWith('.') || isType) return false;
          const room = roomOf(target);
          if (!FLOW.includes(room) || ['app', 'headless'].includes(room) || room === roomOf(file.path)) return false;
          if (room === 'tasks') return !/^tasks\/(index|jobs|outside|views)\.ts$/.test(target);
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
          !['app', 'headless'].includes(roomOf(file.path)) &&
          !isViews(file.path) &&
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

  it('has the floors of src/README.md', () => {
    const rows = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^\| ([a-z]+)(?: \d+)? +\|/gm);
    const rooms = [...rows].map((row) => row[1]).filter((room) => room !== 'room');
    expect(rooms).toEqual([...Object.keys(BASE), ...FLOW]);
    expect(new Set(files.map(({ path }) => roomOf(path)).filter((room) => !room.includes('.')))).toEqual(
      new Set(rooms),
    );
  });

  // Type imports count: a type that needs its user is in the wrong place. A component that is loaded when it is shown does not.
  it('has no import cycles, types included', () => {
    const edges = new Map(
      files.map((file) => [
        file.path,
        importsOf(file)
          .filter(({ raw, isLazy }) => raw.startsWith('.') && !isLazy)
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

  // The number may only fall, and it has fallen to nothing: what differs between tasks is a row of tasks/.
  it('names tasks in their rooms only', () => {
    const rooms =
      /^(tasks\/|domain\/task|features\/(sound|movement|picture)\/|training\/(classification|detection|sound|movement|picture)\/|app\/(modalities|problems)\/)/;
    const words =
      /'sound'|'action'|'detection'|isDetection|isAction|settings\.(vision|motion)|item\.(image|motion|sound)/;
    const found = files
      .filter(({ path }) => !rooms.test(path))
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((line, i) => (words.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });

  it('asks for devices, clocks and threads in one named file each', () => {
    const rules: [RegExp, string[]][] = [
      [/new Worker\(/, ['app/workers.ts']],
      [/getUserMedia\(/, ['media/microphone.ts', 'media/camera.ts', 'runtime/library.ts']],
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

  it('takes what took how long from a clock that is never set', () => {
    expect(files.filter(({ text }) => /(nowMs|Date\.now)\(\) -/.test(text)).map(({ path }) => path)).toEqual([]);
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
