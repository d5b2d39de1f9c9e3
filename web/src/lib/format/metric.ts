// How each metric is shown: what kind of number it is, and whether more is better.

import { count, exact, minus, percent } from './number';
import { duration } from './duration';

export type Kind = 'count' | 'ratio' | 'ms' | 'hours';

export interface Shape {
  title: string;
  short: string;
  kind: Kind;
  /** +1 more is good for viewers, −1 more is harm, 0 neither. */
  sense: -1 | 0 | 1;
}

const SHAPES: Record<string, Shape> = {
  plays: { title: 'Plays', short: 'Plays', kind: 'count', sense: 0 },
  play_requests: { title: 'Play requests', short: 'Requests', kind: 'count', sense: 0 },
  viewers: { title: 'Viewers', short: 'Viewers', kind: 'count', sense: 0 },
  watch_hours: { title: 'Watch hours', short: 'Watch hours', kind: 'hours', sense: 0 },
  media_hours: { title: 'Media hours', short: 'Media hours', kind: 'hours', sense: 0 },
  play_completion_rate: { title: 'Completion', short: 'Completion', kind: 'ratio', sense: 0 },
  concurrent_viewers: { title: 'Concurrent viewers', short: 'Watching', kind: 'count', sense: 0 },
  concurrent_plays: { title: 'Concurrent plays', short: 'Playing', kind: 'count', sense: 0 },
  startup_time: { title: 'Startup time', short: 'Startup', kind: 'ms', sense: -1 },
  rebuffering_ratio: { title: 'Rebuffering', short: 'Rebuffering', kind: 'ratio', sense: -1 },
  exits_before_video_start: { title: 'Exits before start', short: 'Exits', kind: 'ratio', sense: -1 },
  video_start_failure_rate: { title: 'Start failures', short: 'Start failures', kind: 'ratio', sense: -1 },
  video_playback_failure_rate: { title: 'Playback failures', short: 'Playback failures', kind: 'ratio', sense: -1 },
};

/** The shape of a metric; an unknown one is shown as a plain count under its own name. */
export function shapeOf(metric: string): Shape {
  const known = SHAPES[metric];
  if (known) return known;
  const title = metric.replaceAll('_', ' ');
  return { title: title.charAt(0).toUpperCase() + title.slice(1), short: title, kind: 'count', sense: 0 };
}

/** A value of a metric in its short form. */
export function show(metric: string, value: number | null | undefined): string {
  return showKind(shapeOf(metric).kind, value);
}

/** A value of a kind in its short form. */
export function showKind(kind: Kind, value: number | null | undefined): string {
  if (value == null) return '–';
  switch (kind) {
    case 'ratio':
      return percent(value);
    case 'ms':
      return duration(value);
    case 'hours':
      return minus(count(value));
    case 'count':
      return minus(count(value));
  }
}

/** A value of a metric to the last digit, for hover and export. */
export function showExact(metric: string, value: number | null | undefined): string {
  if (value == null) return 'no data';
  switch (shapeOf(metric).kind) {
    case 'ratio':
      return `${(value * 100).toFixed(3)}%`;
    case 'ms':
      return `${exact(Math.round(value))} ms`;
    case 'hours':
      return `${exact(Math.round(value * 100) / 100)} h`;
    case 'count':
      return exact(value);
  }
}
