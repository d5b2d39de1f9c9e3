// How each metric is shown. What kind of number it is and whether more is better
// comes from the server's definitions; only short names are kept here.

import { server } from '../api/server.svelte';
import { digits, share } from './locale';
import { count, exact, minus, percent, rate } from './number';
import { duration } from './duration';
import { sentence } from './names';

export type Kind = 'count' | 'ratio' | 'ms' | 'hours' | 'rate' | 'kbps' | 'number';

export interface Shape {
  title: string;
  short: string;
  kind: Kind;
  /** +1 more is good for viewers, −1 more is harm, 0 neither. */
  sense: -1 | 0 | 1;
}

const SHORT: Record<string, string> = {
  play_requests: 'Requests',
  concurrent_viewers: 'Watching',
  concurrent_plays: 'Playing',
  startup_time: 'Startup',
  rebuffering_ratio: 'Rebuffering',
  connection_rebuffering_ratio: 'Connection rebuffering',
  exits_before_video_start: 'Exits before start',
  video_start_failure_rate: 'Start failures',
  video_playback_failure_rate: 'Playback failures',
  play_completion_rate: 'Completion',
};

const KINDS: Record<string, Kind> = { count: 'count', ms: 'ms', hours: 'hours', ratio: 'ratio', per_hour: 'rate', per_minute: 'rate', 'kbit/s': 'kbps', index: 'number' };

/** Metrics that say how many, not how good: more of them is neither good nor bad for a viewer. */
const SIZES: ReadonlySet<Kind> = new Set(['count', 'hours']);

/** The shape of a metric; an unknown one is shown as a plain count under its own name. */
export function shapeOf(metric: string): Shape {
  const definition = server.definitions.get(metric);
  const title = SHORT[metric] ?? definition?.title ?? sentence(metric.replaceAll('_', ' '));
  const kind = KINDS[definition?.unit ?? ''] ?? guess(metric, definition?.unit);
  const higher = definition?.higher_is ?? 0;
  const sense = higher < 0 ? -1 : higher > 0 && !SIZES.has(kind) ? 1 : 0;
  return { title, short: title, kind, sense };
}

function guess(metric: string, unit: string | undefined): Kind {
  if (unit) return 'number';
  if (/_hours$/.test(metric)) return 'hours';
  if (/_time(_p\d+)?$/.test(metric)) return 'ms';
  return /(_rate|_ratio|_share|_before_video_start)$/.test(metric) ? 'ratio' : 'count';
}

/** A value of a metric in its short form. */
export function show(metric: string, value: number | null | undefined): string {
  return showKind(shapeOf(metric).kind, value);
}

/** A value beside another of its metric: a small rate gets a second decimal, so that a difference can be seen. */
export function showFine(metric: string, value: number | null | undefined): string {
  if (value == null || shapeOf(metric).kind !== 'ratio' || Math.abs(value) >= 0.02) return show(metric, value);
  return minus(share(value, 2));
}

/** A value of a kind in its short form. */
export function showKind(kind: Kind, value: number | null | undefined): string {
  if (value == null) return '–';
  switch (kind) {
    case 'ratio':
      return percent(value);
    case 'ms':
      return duration(value);
    case 'kbps':
      return value >= 1000 ? `${digits(value / 1000, 1, 1)}\u202fMbit/s` : `${Math.round(value)}\u202fkbit/s`;
    case 'rate':
      return minus(rate(value));
    case 'number':
      return minus(Math.abs(value) < 10 ? digits(value, 2, 2) : count(value));
    case 'hours':
    case 'count':
      return minus(count(value));
  }
}

/** A value of a metric to the last digit, for hover and export. */
export function showExact(metric: string, value: number | null | undefined): string {
  if (value == null) return 'no data';
  switch (shapeOf(metric).kind) {
    case 'ratio':
      return minus(share(value, 3));
    case 'ms':
      return `${exact(Math.round(value))} ms`;
    case 'hours':
      return `${exact(Math.round(value * 100) / 100)} h`;
    case 'kbps':
      return `${exact(Math.round(value))} kbit/s`;
    case 'rate':
    case 'number':
    case 'count':
      return exact(value);
  }
}

const UNITS: Record<string, string> = { hours: 'hours', ms: 'time', 'kbit/s': 'bits a second', per_hour: 'per hour', per_minute: 'per minute', index: '1 is what is usual' };
const NOUNS: [RegExp, string][] = [
  [/(viewers|starters|watchers|completers)/, 'viewers'],
  [/impressions/, 'impressions'],
  [/searches/, 'searches'],
  [/(plays|views|requests)/, 'plays'],
];

/** What a metric's figures are of, for the title of a chart; undefined where the title says it already. */
export function unitOf(metric: string, title: string): string | undefined {
  const definition = server.definitions.get(metric);
  const unit =
    definition?.unit === 'ratio'
      ? definition.denominator ? `share of ${definition.denominator}` : 'share'
      : definition?.unit === 'count' ? NOUNS.find(([name]) => name.test(metric))?.[1] : UNITS[definition?.unit ?? ''];
  return unit && !title.toLowerCase().includes(unit) ? unit : undefined;
}
