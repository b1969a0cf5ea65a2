/** The stylesheet: nothing in it that nobody uses, nothing said twice, both themes in one place. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../src');
const read = (folder: string): string =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) =>
      statSync(path).isDirectory() ? read(path) : /\.(svelte|ts)$/.test(path) ? readFileSync(path, 'utf8') : '',
    )
    .join('\n');

type Rule = { context: string; selector: string };
const css = readFileSync(join(ROOT, 'app/styles.css'), 'utf8').replace(/\/\*[^]*?\*\//g, '');

/** Every rule with the at-rules around it. */
function rulesOf(text: string): Rule[] {
  const rules: Rule[] = [];
  const around: string[] = [];
  for (const [, head, mark] of text.matchAll(/([^{}]*)([{}])/g)) {
    if (mark === '}') {
      around.pop();
      continue;
    }
    const selector = head!
      .replace(/^[^]*;/, '')
      .trim()
      .replace(/\s+/g, ' ');
    if (!selector.startsWith('@') && !around.some((outer) => outer.startsWith('@keyframes')))
      rules.push({ context: around.join(' '), selector });
    around.push(selector);
  }
  return rules;
}
const rules = rulesOf(css);

describe('the stylesheet', () => {
  it('has no class that nothing has', () => {
    const markup = read(ROOT) + readFileSync(join(ROOT, '../index.html'), 'utf8');
    const classes = new Set(rules.flatMap(({ selector }) => selector.match(/(?<=\.)-?[A-Za-z_][\w-]*/g) ?? []));
    expect(classes.size).toBeGreaterThan(200);
    // `k1` to `k10` are made of a number.
    const unused = [...classes].filter(
      (name) => !/^k\d+$/.test(name) && !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(markup),
    );
    expect(unused).toEqual([]);
  });

  it('says each thing once', () => {
    const seen = new Map<string, number>();
    for (const { context, selector } of rules) {
      const key = `${context} ${selector}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen].filter(([, count]) => count > 1)).toEqual([]);
  });

  it('has both themes beside each other', () => {
    expect(css).not.toMatch(/prefers-color-scheme/);
    const themed = rules.filter(({ selector }) => selector.includes('data-theme'));
    expect(themed.map(({ selector }) => selector)).toEqual([":root[data-theme='light']", ":root[data-theme='dark']"]);
  });
});
