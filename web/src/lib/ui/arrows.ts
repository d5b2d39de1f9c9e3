// Arrow keys in every table, list and grid of cards: from what has the focus to its neighbour.

const FOCUSABLE = 'a[href], button:not(:disabled), [tabindex="0"]';
/** What has keys of its own. */
const OTHERS = 'input, textarea, select, [contenteditable], [role=menu], [role=listbox], [role=radiogroup], [role=tablist], nav';
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/** Moves the focus where the key points, when there is something. Left and right go along a line, up and down between lines. */
export function arrowKeys(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
  const from = event.target instanceof HTMLElement ? event.target : undefined;
  const line = from?.closest<HTMLElement>('li, tr, [role=row]');
  if (!from || !line || from.closest(OTHERS)) return;
  const to = line.localName === 'li' ? inList(line, from, event.key) : inTable(line, from, event.key);
  if (!to) return;
  event.preventDefault();
  to.focus();
}

function inTable(line: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const own = stops(line);
  const at = own.indexOf(from);
  if (key === 'ArrowLeft' || key === 'ArrowRight') return own[at + (key === 'ArrowRight' ? 1 : -1)];
  const step = STEPS[key];
  if (step === undefined) return undefined;
  const lines = others(line).filter((l) => l === line || stops(l).length > 0);
  return near(lines[Math.max(0, Math.min(lines.length - 1, lines.indexOf(line) + step))], at);
}

function inList(line: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const lines = others(line).filter((l) => l === line || stops(l).length > 0);
  const at = lines.indexOf(line);
  const place = stops(line).indexOf(from);
  const cards = besides(lines);
  if (key === 'ArrowLeft' || key === 'ArrowRight') return cards ? near(lines[at + (key === 'ArrowRight' ? 1 : -1)], place) : undefined;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined;
  const down = key === 'ArrowDown';
  if (!cards) return near(lines[at + (down ? 1 : -1)], place);
  // Up and down go to the card that is nearest in the next row.
  const box = line.getBoundingClientRect();
  const beyond = lines
    .map((l) => ({ l, box: l.getBoundingClientRect() }))
    .filter((o) => (down ? o.box.top >= box.bottom - 2 : o.box.bottom <= box.top + 2))
    .sort((a, b) => Math.abs(a.box.top - box.top) - Math.abs(b.box.top - box.top) || Math.abs(a.box.left - box.left) - Math.abs(b.box.left - box.left));
  return near(beyond[0]?.l, place);
}

/** Whether some of a list stand beside each other: cards, not lines. */
function besides(lines: readonly HTMLElement[]): boolean {
  return lines.some((l, i) => i > 0 && Math.abs(l.getBoundingClientRect().top - (lines[i - 1]?.getBoundingClientRect().top ?? 0)) < 2);
}

function others(line: HTMLElement): HTMLElement[] {
  return [...(line.parentElement?.children ?? [])].filter((e): e is HTMLElement => e instanceof HTMLElement && e.localName === line.localName);
}

/** What takes the focus on a line, in order. */
function stops(line: HTMLElement): HTMLElement[] {
  return [...line.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((e) => e.checkVisibility?.() ?? true);
}

/** The same place on another line, or the last that it has. */
function near(line: HTMLElement | undefined, place: number): HTMLElement | undefined {
  if (!line) return undefined;
  const all = stops(line);
  return all[Math.min(Math.max(0, place), all.length - 1)];
}
