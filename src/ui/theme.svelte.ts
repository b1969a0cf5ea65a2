/** Light or dark. Main thread. */

/** The theme shown, and a switch; remembers a choice on this device. */
export class Theme {
  readonly #system = matchMedia('(prefers-color-scheme: dark)');
  #isDark = $state(false);

  constructor() {
    const chosen = localStorage.getItem('theme');
    this.#isDark = chosen ? chosen === 'dark' : this.#system.matches;
    if (chosen) document.documentElement.dataset.theme = chosen;
    this.#system.addEventListener('change', (event) => {
      if (!localStorage.getItem('theme')) this.#isDark = event.matches;
    });
  }

  get isDark(): boolean {
    return this.#isDark;
  }

  toggle(): void {
    this.#isDark = !this.#isDark;
    const name = this.#isDark ? 'dark' : 'light';
    document.documentElement.dataset.theme = name;
    localStorage.setItem('theme', name);
  }
}
