// In what way numbers and times are written: as the reader's browser asks for. The words are English.

/** Where a browser says nothing: a comma between thousands, the day before the month, 24 hours. */
const FALLBACK = 'en-GB';

let chosen = firstOf(globalThis.navigator?.languages ?? []);
let hours = hoursOf(chosen);
const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

function firstOf(wanted: readonly string[]): string {
  for (const tag of wanted) {
    try {
      const [found] = Intl.NumberFormat.supportedLocalesOf(tag);
      // A currency or a calendar that is asked for with it says nothing here; digits do.
      if (found) return found;
    } catch {
      // Not a language tag: the next may be one.
    }
  }
  return FALLBACK;
}

/** Writes by these from now on, the first that is known. */
export function writeBy(wanted: readonly string[]): void {
  chosen = firstOf(wanted);
  hours = hoursOf(chosen);
  numbers.clear();
  times.clear();
}

export function locale(): string {
  return chosen;
}

/** A number with so many digits after the point, at least and at most. Making a format takes as long as a hundred uses. */
export function digits(value: number, most: number, least = 0): string {
  const key = `${most} ${least}`;
  let it = numbers.get(key);
  if (!it) numbers.set(key, (it = new Intl.NumberFormat(chosen, { maximumFractionDigits: most, minimumFractionDigits: least })));
  return it.format(value);
}

/** A share of 0–1 as a percentage with so many digits after the point. */
export function share(value: number, fraction: number): string {
  const key = `% ${fraction}`;
  let it = numbers.get(key);
  if (!it) numbers.set(key, (it = new Intl.NumberFormat(chosen, { style: 'percent', maximumFractionDigits: fraction, minimumFractionDigits: fraction })));
  return it.format(value);
}

/** How hours are written: with two digits on a clock of 24, without a zero before on one of twelve. */
export function hourDigits(): '2-digit' | 'numeric' {
  return hours;
}

function hoursOf(tag: string): '2-digit' | 'numeric' {
  return new Intl.DateTimeFormat(tag, { hour: 'numeric' }).resolvedOptions().hour12 ? 'numeric' : '2-digit';
}

export function written(ms: number, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  let it = times.get(key);
  if (!it) times.set(key, (it = new Intl.DateTimeFormat(chosen, options)));
  return it.format(ms);
}
