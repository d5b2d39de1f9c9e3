// What the reader is looking at, as the address bar holds it. Pure: parse and
// format only, so that a copied link always shows a colleague the same thing.

export const RANGES = ['30m', '3h', '24h', '7d', '28d', '35d', 'all', 'custom'] as const;
export type RangeId = (typeof RANGES)[number];

/** Dimensions that have a key of their own in the address; any other is written as `f.<name>`. */
const PLAIN = ['title', 'country', 'device_type'] as const;
const OTHER = 'f.';
/** The name of a dimension, as GET /api/v1/metrics lists them. */
export type Dimension = string;

export type Compare = 'none' | 'previous' | 'year';
/** Values by dimension; a dimension that is not there is not filtered. */
export type Filters = Readonly<Record<Dimension, readonly string[]>>;

export interface ViewState {
  /** undefined: the page's own default. */
  range: RangeId | undefined;
  /** Epoch ms; only with range "custom". */
  from: number | undefined;
  to: number | undefined;
  compare: Compare;
  filters: Filters;
  /** IANA name; undefined: the installation's report time zone. */
  timezone: string | undefined;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const SPANS: Partial<Record<RangeId, number>> = {
  '30m': 30 * MINUTE,
  '3h': 3 * HOUR,
  '24h': DAY,
  '7d': 7 * DAY,
  '28d': 28 * DAY,
  '35d': 35 * DAY,
};

/** The shared keys of the address; a page's own keys live beside them. */
const SHARED: readonly string[] = ['range', 'from', 'to', 'compare', 'tz', ...PLAIN];

function isShared(key: string): boolean {
  return SHARED.includes(key) || key.startsWith(OTHER);
}

function keyOf(dimension: Dimension): string {
  return (PLAIN as readonly string[]).includes(dimension) ? dimension : OTHER + dimension;
}

export function emptyView(): ViewState {
  return {
    range: undefined,
    from: undefined,
    to: undefined,
    compare: 'none',
    filters: {},
    timezone: undefined,
  };
}

export function parseView(params: URLSearchParams): ViewState {
  const view = emptyView();
  const range = params.get('range');
  if (range && (RANGES as readonly string[]).includes(range)) view.range = range as RangeId;
  const from = parseTime(params.get('from'));
  const to = parseTime(params.get('to'));
  if (view.range === 'custom') {
    if (from !== undefined && to !== undefined && from < to) {
      view.from = from;
      view.to = to;
    } else {
      view.range = undefined;
    }
  }
  const compare = params.get('compare');
  if (compare === 'previous' || compare === 'year') view.compare = compare;
  const zone = params.get('tz');
  if (zone && isZone(zone)) view.timezone = zone;
  const keys = new Set([...params.keys()].filter((key) => key.startsWith(OTHER) && key.length > OTHER.length));
  view.filters = Object.fromEntries(
    [...PLAIN, ...[...keys].sort()]
      .map((key) => [key.startsWith(OTHER) ? key.slice(OTHER.length) : key, [...new Set(params.getAll(key))]] as const)
      .filter(([, values]) => values.length > 0),
  );
  return view;
}

/** Writes the shared keys into a copy of params, in a fixed order, leaving the page's own keys. */
export function writeView(view: ViewState, params = new URLSearchParams()): URLSearchParams {
  const out = new URLSearchParams();
  if (view.range) out.set('range', view.range);
  if (view.range === 'custom' && view.from !== undefined && view.to !== undefined) {
    out.set('from', new Date(view.from).toISOString());
    out.set('to', new Date(view.to).toISOString());
  }
  if (view.compare !== 'none') out.set('compare', view.compare);
  if (view.timezone) out.set('tz', view.timezone);
  const rank = (dimension: Dimension): number => (PLAIN as readonly string[]).indexOf(dimension) + 1 || PLAIN.length + 1;
  const filtered = Object.keys(view.filters).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  for (const dimension of filtered) for (const value of view.filters[dimension] ?? []) out.append(keyOf(dimension), value);
  for (const [key, value] of params) if (!isShared(key)) out.append(key, value);
  return out;
}

export interface Window {
  /** Epoch ms, half open; undefined: all time. */
  from: number | undefined;
  to: number | undefined;
  /** ms; undefined: all time. */
  span: number | undefined;
}

/**
 * The window a view asks for at a moment. Ends lie on the cells that answer
 * fastest: 10 s up to three hours, hours beyond a day. A day ends a little ahead
 * of now, so that the day before it is still inside the 48 h that 10 s cells are kept.
 */
export function windowOf(view: Pick<ViewState, 'range' | 'from' | 'to'>, fallback: RangeId, now: number): Window {
  const range = view.range ?? fallback;
  if (range === 'custom' && view.from !== undefined && view.to !== undefined) {
    return { from: view.from, to: view.to, span: view.to - view.from };
  }
  const span = SPANS[range];
  if (span === undefined) return { from: undefined, to: undefined, span: undefined };
  const cell = span <= 3 * HOUR ? 10_000 : span <= DAY ? 10 * MINUTE : HOUR;
  const to = span <= 3 * HOUR ? Math.floor(now / cell) * cell : Math.ceil(now / cell) * cell;
  return { from: to - span, to, span };
}

export type Grain = '10s' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** The grain that draws a window with a few hundred points. */
export function grainOf(window: Window): Grain {
  const span = window.span ?? 400 * DAY;
  if (span <= 40 * MINUTE) return '10s';
  if (span <= DAY + HOUR) return 'minute';
  if (span <= 8 * DAY) return 'hour';
  return 'day';
}

/** The grain of a line the size of a word: a few dozen points. */
export function sparkGrain(window: Window): Grain {
  const span = window.span ?? 400 * DAY;
  if (span <= 3 * HOUR) return 'minute';
  return span <= 5 * DAY ? 'hour' : 'day';
}

/** Width of a grain in ms; week and month are nominal. */
export function grainMs(grain: Grain): number {
  return { '10s': 10_000, minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY }[grain];
}

/** How often a window's figures are asked for again, ms. */
export function refreshOf(window: Window): number {
  const span = window.span ?? 400 * DAY;
  if (span <= HOUR) return 10_000;
  if (span <= 3 * HOUR) return 30_000;
  if (span <= DAY) return MINUTE;
  return 2 * MINUTE;
}

function parseTime(text: string | null): number | undefined {
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
