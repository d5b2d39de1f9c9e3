// Light, dark, or what the system says.

import { flushSync } from 'svelte';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'playhead-theme';

class ThemeState {
  chosen: Theme = $state(read());
  #system = $state(matchMedia('(prefers-color-scheme: dark)').matches);
  /** Whether the page is on its way to paper, which is light. */
  paper = $state(false);
  dark = $derived(!this.paper && (this.chosen === 'dark' || (this.chosen === 'system' && this.#system)));

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => (this.#system = event.matches));
    // What is drawn has to be drawn anew before the browser takes the page.
    addEventListener('beforeprint', () => {
      document.documentElement.dataset.theme = 'light';
      flushSync(() => (this.paper = true));
    });
    addEventListener('afterprint', () => {
      this.#apply();
      this.paper = false;
    });
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Storage is switched off: the choice lasts until the page is left.
    }
    this.#apply();
  }

  #apply(): void {
    if (this.chosen === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.chosen;
  }

  toggle(): void {
    this.choose(this.dark ? 'light' : 'dark');
  }
}

function read(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export const theme = new ThemeState();
