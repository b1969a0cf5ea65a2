/** docs/formats.md is made of the tables of the formats themselves: `UPDATE_DOCS=1 npx vitest run --project unit tests/unit/formats-doc.test.ts` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { BOX_FORMATS } from '../../src/dataset/annotations/box-formats.ts';
import { CLASS_LISTS } from '../../src/dataset/annotations/class-lists.ts';
import type { FormatTable } from '../../src/dataset/annotations/format.ts';
import { LABEL_TRACKS } from '../../src/dataset/annotations/label-tracks.ts';
import { MOTION_LISTS } from '../../src/dataset/annotations/motion.ts';
import { DATA_FORMATS } from '../../src/dataset/saving/formats.ts';
import { FORMS } from '../../src/dataset/index.ts';
import { TASK_KINDS } from '../../src/domain/task.ts';
import { taskOf } from '../../src/tasks/index.ts';

const FILE = join(import.meta.dirname, '../../docs/formats.md');
const SECTIONS: [title: string, text: string, tables: readonly FormatTable[]][] = [
  [
    'Classes of sounds and pictures',
    'Folders, names and lists say the class; where two readings are possible the import asks.',
    [CLASS_LISTS, LABEL_TRACKS],
  ],
  [
    'Actions',
    'Lists of videos, label tracks as above, and landmark sequences ([landmarks.md](landmarks.md)).',
    [MOTION_LISTS],
  ],
  [
    'Boxes in pictures',
    'Several files and formats may lie side by side; the same boxes of two files count once.',
    BOX_FORMATS,
  ],
];

async function page(): Promise<string> {
  const titleOf = (kind: string) => taskOf(kind as (typeof TASK_KINDS)[number]).words.title;
  const writes = (table: FormatTable) =>
    DATA_FORMATS.filter((one) => one.table === table).map(({ key }) => `\`${FORMS[key].id}\``);
  const overview = SECTIONS.flatMap(([, , tables]) => tables).map(
    (table) => `| ${table.title} | yes | ${[...new Set(writes(table))].join(', ') || 'no'} |`,
  );
  const out = TASK_KINDS.flatMap((kind) =>
    taskOf(kind).saves.map(
      (key) => `| ${titleOf(kind)} | \`${FORMS[key].id}\` | ${FORMS[key].title} | ${FORMS[key].text} |`,
    ),
  );
  const sections = SECTIONS.map(([title, text, tables]) => {
    const parts = tables.map(
      (table) =>
        `### ${table.title}\n\n| as people and their tools write it | read as |\n| --- | --- |\n${table.dialects.map(([written, readAs]) => `| ${written} | ${readAs} |`).join('\n')}\n`,
    );
    return `## ${title}\n\n${text}\n\n${parts.join('\n')}`;
  });
  const text = `# Formats of data sets

Made of the tables in \`src/dataset/annotations\` and \`src/dataset/saving\`, and held to them by a test. Names of pictures, sounds and videos match whatever their
Unicode form, percent-encoding, slashes and case. Texts may be UTF-8, UTF-16 or Windows-1252. A file that cannot be read is named with its reason and what to do;
the others come in.

| format | in | out (\`--as\`) |
| --- | --- | --- |
${overview.join('\n')}

## Out

Data → Save data, or \`npm run studio -- convert --data IN --as FORM --out DIR\`. What is written is read back to equal examples
(\`tests/unit/saving.test.ts\`). Parts lie in folders, or stand in lists (\`--parts lists\`).

| task | \`--as\` | name | holds |
| --- | --- | --- | --- |
${out.join('\n')}

${sections.join('\n')}`;
  return format(text, { parser: 'markdown', printWidth: 160 });
}

it('docs/formats.md says what the code does', async () => {
  const made = await page();
  if (process.env.UPDATE_DOCS) writeFileSync(FILE, made);
  expect(readFileSync(FILE, 'utf8')).toBe(made);
});
