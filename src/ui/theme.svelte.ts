/** Light or dark. Main thread. */

const KEY = 'theme';

/** What was chosen on this device; null = nothing, or a browser that keeps nothing of this site. */
function chosenTheme(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The theme shown, and a switch; remembers a choice on this device. */
export class Theme {
  readonly #system = matchMedia('(prefers-color-scheme: dark)');
  #isDark = $state(false);

  constructor() {
    const chosen = chosenTheme();
    this.#isDark = chosen ? chosen === 'dark' : this.#system.matches;
    if (chosen) document.documentElement.dataset.theme = chosen;
    this.#system.addEventListener('change', (event) => {
      if (!document.documentElement.dataset.theme) this.#isDark = event.matches;
    });
  }

  get isDark(): boolean {
    return this.#isDark;
  }

  toggle(): void {
    this.#isDark = !this.#isDark;
    const name = this.#isDark ? 'dark' : 'light';
    document.documentElement.dataset.theme = name;
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // It holds until the page closes.
    }
  }
}
