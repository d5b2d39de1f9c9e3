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

/** The box of figures beside the pointer, of a chart whose points share an axis. */
export function axisTooltip(colors: Palette): object {
  return {
    trigger: 'axis',
    confine: true,
    transitionDuration: 0,
    backgroundColor: colors.panel,
    borderColor: colors.line,
    padding: [8, 10],
    textStyle: { color: colors.text, fontSize: 12, fontFamily: FONT },
    axisPointer: { type: 'line', lineStyle: { color: colors.muted, width: 1, type: 'solid' } },
  };
}
