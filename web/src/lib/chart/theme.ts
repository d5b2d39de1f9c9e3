// Chart colours are the page's tokens, read when a chart is drawn.

export interface Palette {
  text: string;
  muted: string;
  line: string;
  grid: string;
  panel: string;
  accent: string;
  series: string[];
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: read('--text'),
    muted: read('--muted'),
    line: read('--line'),
    grid: read('--grid'),
    panel: read('--panel'),
    accent: read('--accent'),
    series: Array.from({ length: 8 }, (_, i) => read(`--series-${i + 1}`)),
  };
}

export const FONT = "'Inter Variable', ui-sans-serif, system-ui, sans-serif";
