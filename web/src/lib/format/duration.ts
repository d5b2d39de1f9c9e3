// Durations and clock times.

const NARROW = '\u202f';
const MISSING = '–';

/** 180 → "180 ms", 3200 → "3.2 s", 84_000 → "1 m 24 s", 5_040_000 → "1 h 24 m". */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return MISSING;
  if (ms < 0) return '−' + duration(-ms);
  if (Math.round(ms) < 1000) return `${Math.round(ms)}${NARROW}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')}${NARROW}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  const head = `${big}${NARROW}${bigUnit}`;
  return small === 0 ? head : `${head} ${small}${NARROW}${smallUnit}`;
}

/** A position in a title: 83_000 → "1:23", 5_025_000 → "1:23:45". */
export function position(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** How long ago: "0.4 s", "12 s", "3 m". */
export function age(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)}${NARROW}s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)}${NARROW}s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}${NARROW}m`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)}${NARROW}h`;
  return `${Math.round(ms / 86_400_000)}${NARROW}d`;
}

/** Formatters by how they format: making one takes as long as a hundred uses of it. */
const made = new Map<string, Intl.DateTimeFormat>();

function format(ms: number, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  let it = made.get(key);
  if (!it) made.set(key, (it = new Intl.DateTimeFormat('en-GB', options)));
  return it.format(ms);
}

/** Clock time in a zone: "14:05" or "14:05:30". */
export function clock(ms: number, timeZone: string, seconds = false): string {
  return format(ms, { timeZone, hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) });
}

/** "23 Nov" in a zone. */
export function day(ms: number, timeZone: string): string {
  return format(ms, { timeZone, day: 'numeric', month: 'short' });
}

/** "Mon 23 Nov, 14:05" in a zone. */
export function moment(ms: number, timeZone: string, seconds = false): string {
  const date = format(ms, { timeZone, weekday: 'short', day: 'numeric', month: 'short' });
  return `${date.replace(',', '')}, ${clock(ms, timeZone, seconds)}`;
}
