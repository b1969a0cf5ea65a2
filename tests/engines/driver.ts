/** What a browser must be able to do for the story of engines.spec.ts: few words, so that each engine's own protocol can say them. */

/** A page of a browser that was started for one test. */
export interface Driver {
  readonly version: string;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs the body of an asynchronous function in the page. @returns what it returns, as JSON carries it. */
  evaluate<T>(body: string): Promise<T>;
  click(selector: string): Promise<void>;
  /** Replaces the text of a field, and leaves it. */
  fill(selector: string, text: string): Promise<void>;
  /** Presses keys together, e.g. `Control+z`, where the focus is. */
  press(keys: string): Promise<void>;
  /** Drags the mouse, in pixels of the page. */
  drag(from: readonly [x: number, y: number], to: readonly [x: number, y: number]): Promise<void>;
  setFiles(selector: string, paths: readonly string[]): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string): Promise<void>;
  /** Errors since the last call. */
  takeErrors(): string[];
  close(): Promise<void>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** In the page: elements by role and accessible name, as far as this app needs it; and what went wrong. */
const WORDS = String.raw`
if (!globalThis.engineErrors) {
  globalThis.engineErrors = [];
  addEventListener('error', (e) => engineErrors.push('error: ' + (e.message || [e.target?.tagName, e.target?.src, e.target?.error?.code, e.target?.error?.message, e.target?.getAttribute?.('aria-label'), location.hash].filter(Boolean).join(' ') || e.type)), true);
  addEventListener('unhandledrejection', (e) => engineErrors.push('unhandled: ' + (e.reason?.stack ?? e.reason)));
}
globalThis.findAll ??= (() => {
  const OWN = { button: 'button', summary: 'button', textarea: 'textbox', select: 'combobox', dialog: 'dialog', nav: 'navigation', aside: 'complementary', section: 'region', meter: 'meter', tr: 'row' };
  const INPUT = { checkbox: 'checkbox', radio: 'radio', number: 'spinbutton', range: 'slider', file: 'file' };
  const roleOf = (el) => {
    const tag = el.tagName.toLowerCase();
    return el.getAttribute('role') ?? OWN[tag] ?? (tag === 'a' && el.href ? 'link' : tag === 'input' ? INPUT[el.type] ?? 'textbox' : /^h[1-6]$/.test(tag) ? 'heading' : '');
  };
  const text = (el) => (el.innerText ?? el.textContent ?? '').replace(/\s+/g, ' ').trim();
  const nameOf = (el) => {
    const by = el.getAttribute('aria-labelledby');
    if (by) return by.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean).map(text).join(' ');
    const label = el.getAttribute('aria-label');
    if (label) return label.trim();
    if (el.labels?.length) return [...el.labels].map((one) => { const copy = one.cloneNode(true); copy.querySelectorAll('input,select,textarea').forEach((n) => n.remove()); return copy.textContent.replace(/\s+/g, ' ').trim(); }).join(' ');
    return ['region', 'navigation', 'complementary', 'dialog'].includes(roleOf(el)) ? '' : text(el) || el.title || '';
  };
  const fits = (name, wanted) => wanted === null || (wanted.source ? new RegExp(wanted.source).test(name) : name === wanted);
  return (role, name, within) => {
    const root = within ? findAll(within[0], within[1])[0] : document;
    return [...(root?.querySelectorAll('*') ?? [])].filter((el) => roleOf(el) === role && fits(nameOf(el), name) && el.checkVisibility?.({ visibilityProperty: true }) !== false);
  };
})();`;

type Name = string | RegExp | null;
type Within = readonly [role: string, name: string];
const asJson = (name: Name) => JSON.stringify(name instanceof RegExp ? { source: name.source } : name);

/** The app as a person uses it, by the accessible names of DESIGN §7. */
export class EngineStudio {
  readonly driver: Driver;
  readonly url: string;
  #asked = 0;

  constructor(driver: Driver, url: string) {
    this.driver = driver;
    this.url = url;
  }

  #in<T>(body: string): Promise<T> {
    return this.driver.evaluate<T>(`${WORDS}\n${body}`);
  }

  /** Asks until the answer is not empty. */
  async until<T>(what: string, ask: () => Promise<T>, timeoutMs = 30_000): Promise<T> {
    const started = Date.now();
    let last: unknown;
    while (Date.now() - started < timeoutMs) {
      try {
        const answer = await ask();
        if (answer) return answer;
        last = answer;
      } catch (error) {
        last = error;
      }
      await sleep(200);
    }
    throw new Error(`${what} did not come within ${timeoutMs} ms (${String(last)})`);
  }

  see(role: string, name: Name, timeoutMs?: number, within?: Within): Promise<number> {
    const ask = `return findAll(${JSON.stringify(role)}, ${asJson(name)}, ${JSON.stringify(within ?? null)}).length;`;
    return this.until(`${role} ${String(name)}`, () => this.#in<number>(ask), timeoutMs);
  }

  seeText(wanted: RegExp, timeoutMs?: number): Promise<string> {
    return this.until(
      String(wanted),
      async () => wanted.exec(await this.#in<string>('return document.body.innerText;'))?.[0] ?? '',
      timeoutMs,
    );
  }

  /** The selector of an element that stands still and can be used. */
  async #element(role: string, name: Name, within?: Within): Promise<string> {
    const mark = `element ${++this.#asked}`;
    await this.until(`${role} ${String(name)}`, () =>
      this.#in<boolean>(`
        const el = findAll(${JSON.stringify(role)}, ${asJson(name)}, ${JSON.stringify(within ?? null)})[0];
        if (!el || el.disabled) return false;
        document.querySelectorAll('[data-engine-test]').forEach((n) => n.removeAttribute('data-engine-test'));
        el.setAttribute('data-engine-test', ${JSON.stringify(mark)});
        let before = '';
        for (let i = 0, same = 0; i < 40 && same < 3; i++) {
          el.scrollIntoView({ block: 'center' });
          await new Promise((r) => setTimeout(r, 50));
          const { x, y, width, height } = el.getBoundingClientRect();
          const now = [x, y, width, height].join();
          same = now === before ? same + 1 : 0;
          before = now;
        }
        return el.isConnected;`),
    );
    return `[data-engine-test=${JSON.stringify(mark)}]`;
  }

  async click(role: string, name: Name, within?: Within): Promise<void> {
    await this.driver.click(await this.#element(role, name, within));
  }
  async fill(role: string, name: Name, text: string): Promise<void> {
    await this.driver.fill(await this.#element(role, name), text);
  }
  /** Gives an element the focus, as Tab does. */
  async focus(role: string, name: Name): Promise<void> {
    const selector = await this.#element(role, name);
    await this.driver.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus();`);
  }
  async setFiles(testId: string, paths: readonly string[]): Promise<void> {
    const selector = `[data-testid="${testId}"]`;
    await this.until(testId, () => this.#in<boolean>(`return !!document.querySelector(${JSON.stringify(selector)});`));
    await this.driver.setFiles(selector, paths);
  }
  open(path = ''): Promise<void> {
    return this.driver.goto(this.url + path);
  }

  async newProject(kind: string, name: string): Promise<void> {
    await this.open();
    await this.click('button', `New ${kind} project`);
    await this.fill('textbox', 'Project name', name);
    await this.click('button', 'Create project');
    await this.see('heading', name);
  }
  async step(name: string): Promise<void> {
    await this.click('link', new RegExp(name), ['navigation', 'Project steps']);
    await this.see('region', name);
  }
  async importFiles(paths: readonly string[]): Promise<string> {
    await this.setFiles('files', paths);
    await this.see('region', 'Import report', 90_000);
    const report = await this.#in<string>(`return findAll('region', 'Import report')[0].innerText;`);
    await this.click('button', 'Close', ['region', 'Import report']);
    return report;
  }
  /** How far the page scrolls sideways. */
  overflow(): Promise<number> {
    return this.#in('return document.documentElement.scrollWidth - document.documentElement.clientWidth;');
  }
  async errors(): Promise<string[]> {
    const inPage = await this.#in<string[]>('return engineErrors.splice(0);').catch(() => []);
    return [...inPage, ...this.driver.takeErrors()];
  }
}
