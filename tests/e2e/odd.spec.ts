/**
 * Every case of ../shared/odd: what people and their tools really produce, made by its make.py, dropped into the built app, the first answer taken where it asks. What must come of it
 * (classes, parts, groups, stretches, boxes in pixels, what is said) stands in fixtures/odd.json; each line of it was compared with the expectation in ../shared/odd/README.md.
 * Needs ffmpeg, sox, ImageMagick, Python with numpy (.venv-exports, or python3); skips visibly without. UPDATE_ODD=1 writes the file anew: read the difference.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test, type StudioPage } from './pages/studio.ts';

const maker = resolve(process.env.SHARED_DIR ?? '../shared', 'odd/make.py');
const expected = 'tests/fixtures/odd.json';
const works = (command: string, args: string[]) => spawnSync(command, args).status === 0;
const python = ['.venv-exports/bin/python', 'python3'].find((one) => works(one, ['-c', 'import numpy']));
const lacks = [
  ...(existsSync(maker) ? [] : ['../shared/odd']),
  ...(python ? [] : ['python3 with numpy']),
  ...['ffmpeg', 'sox', 'convert'].filter((tool) => !works('sh', ['-c', `command -v ${tool}`])),
];

const KINDS = [
  ['D', 'Object detection'],
  ['S', 'Sound classification'],
  ['A', 'Action classification'],
] as const;

type Item = {
  path: string;
  part: string;
  recording: string;
  media: Record<string, unknown>;
  label:
    | { kind: 'class'; classId: string | null }
    | {
        kind: 'boxes';
        isDone: boolean;
        boxes: { classId: string; x: number; y: number; width: number; height: number }[];
      };
};

/** What the newest project holds, a line each. */
async function told(studio: StudioPage, name: string): Promise<string[]> {
  const { classes, items } = await studio.page.evaluate(async (wanted) => {
    const open = indexedDB.open('understudy');
    const db = await new Promise<IDBDatabase>((done) => (open.onsuccess = () => done(open.result)));
    const all = (store: string) =>
      new Promise<Record<string, unknown>[]>((done) => {
        const asked = db.transaction(store).objectStore(store).getAll();
        asked.onsuccess = () => done(asked.result as Record<string, unknown>[]);
      });
    const project = (await all('projects')).find((one) => one.name === wanted)!;
    const own = (await all('items')).filter((item) => item.projectId === project.id);
    db.close();
    return { classes: project.classes as { id: string; name: string }[], items: own as unknown as Item[] };
  }, name);
  const nameOf = new Map(classes.map((one) => [one.id, one.name]));
  const round = (value: number) => String(Math.round(value * 100) / 100);
  const lines = items.map(({ path, part, recording, media, label }) => {
    const group = recording.startsWith('group:') ? ` of ${recording.slice(6)}` : '';
    if (label.kind === 'boxes') {
      const [width, height] = [Number(media.width), Number(media.height)];
      const boxes = label.boxes
        .map(
          (box) =>
            `${nameOf.get(box.classId)} ${[box.x * width, box.y * height, box.width * width, box.height * height].map((side) => Math.round(side)).join(' ')}`,
        )
        .sort();
      return `${path} (${part}${group}${label.isDone ? '' : ', to do'}): ${boxes.join('; ') || 'nothing'}`;
    }
    const span =
      typeof media.fileSec === 'number' && media.source === 'video'
        ? ` ${round(Number(media.startSec))}-${round(Number(media.endSec))} s`
        : ` ${Number(media.durationSec).toFixed(1)} s`;
    return `${path} (${part}${group}): ${label.classId ? nameOf.get(label.classId) : 'no class'}${span}`;
  });
  return lines.sort();
}

/** Puts a folder into a project of its own. @returns what was asked, said and made of it. */
async function drop(studio: StudioPage, kind: string, id: string, folder: string) {
  const { page } = studio;
  const name = `${id} odd`;
  await studio.open();
  await studio.button(`New ${kind} project`).click();
  await page.getByRole('textbox', { name: 'Project name' }).fill(name);
  await studio.button('Create project').click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await page.getByTestId('folder').setInputFiles(folder);
  const report = page.getByRole('region', { name: 'Import report' });
  const question = page.getByRole('region', { name: 'Import question' });
  await expect(report.or(question)).toBeVisible({ timeout: 60_000 });
  let asked: string | undefined;
  if (await question.isVisible()) {
    asked = await question.locator('p').first().innerText();
    await question.getByRole('button', { name: /^Add/ }).click();
  }
  await expect(report).toBeVisible({ timeout: 60_000 });
  const said = await report
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...(row as HTMLTableRowElement).cells].map((cell) => cell.textContent.trim()).join(' | ')),
    );
  return { ...(asked ? { asked } : {}), said, made: await told(studio, name) };
}

test.describe(`the odd inputs of ../shared${lacks.length ? ` (skipped: needs ${lacks.join(', ')})` : ''}`, () => {
  test.skip(lacks.length > 0, `needs ${lacks.join(', ')}`);
  for (const [letter, kind] of KINDS)
    test(`${kind}: every case gives what a person expects`, async ({ studio, folder: root }) => {
      test.setTimeout(480_000);
      const wanted = [...readFileSync(maker, 'utf8').matchAll(/^def (\w+)\(d\)/gm)].flatMap(([, id]) =>
        id!.startsWith(letter) ? [id!] : [],
      );
      const made = spawnSync(python!.includes('/') ? resolve(python!) : python!, [maker, root, ...wanted], {
        cwd: root,
      });
      expect(made.status, String(made.stderr)).toBe(0);
      const known = JSON.parse(existsSync(expected) ? readFileSync(expected, 'utf8') : '{}') as Record<string, unknown>;
      const cases = readdirSync(root).filter((id) => id.startsWith(letter) && statSync(join(root, id)).isDirectory());
      for (const id of cases.sort()) {
        const found = await drop(studio, kind, id, join(root, id));
        if (process.env.UPDATE_ODD) known[id] = found;
        else expect.soft(found, id).toEqual(known[id]);
      }
      expect(cases.length).toBeGreaterThan(5);
      if (process.env.UPDATE_ODD)
        writeFileSync(expected, `${JSON.stringify(Object.fromEntries(Object.entries(known).sort()), null, 1)}\n`);
    });
});
