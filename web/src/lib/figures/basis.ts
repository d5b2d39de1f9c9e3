// What a rate stands on: the volume that it is a share or a mean of, and how far
// chance alone moves it. Nothing here computes a metric; it says how sure one is.

export type BasisKind =
  /** A share of attempts or plays: binomial. */
  | 'share'
  /** A mean of waits, which spread about as wide as their mean. */
  | 'mean'
  /** Time lost in separate stalls of very different length. */
  | 'time'
  /** Events in a stretch of time: Poisson. */
  | 'events'
  /** A count or a sum. */
  | 'amount';

export interface Basis {
  kind: BasisKind;
  /** The metric that is the denominator; none for amounts. */
  volume?: string;
  /** How many separate events the numerator is made of. */
  events?: string;
  /** What numerator means when it is multiplied out: "hours of waiting". */
  harm?: string;
}

const BASES: Record<string, Basis> = {
  rebuffering_ratio: { kind: 'time', volume: 'watch_hours', events: 'stalls', harm: 'hours of waiting' },
  connection_rebuffering_ratio: { kind: 'time', volume: 'watch_hours', events: 'stalls', harm: 'hours of waiting' },
  startup_time: { kind: 'mean', volume: 'plays', harm: 'time of waiting for a picture' },
  exits_before_video_start: { kind: 'share', volume: 'play_requests', harm: 'exits' },
  video_start_failure_rate: { kind: 'share', volume: 'play_requests', harm: 'failed starts' },
  video_playback_failure_rate: { kind: 'share', volume: 'ended_plays', harm: 'broken plays' },
  play_completion_rate: { kind: 'share', volume: 'plays' },
  take_rate: { kind: 'share', volume: 'viewers_reached' },
  weighted_take_rate: { kind: 'share', volume: 'viewers_reached' },
  effective_rate: { kind: 'share', volume: 'viewers_reached' },
  impression_take_rate: { kind: 'share', volume: 'impressions' },
  select_rate: { kind: 'share', volume: 'impressions' },
  completion_given_take: { kind: 'share', volume: 'takers' },
  unmet_search_rate: { kind: 'share', volume: 'searches', harm: 'unmet searches' },
  stalls_per_hour: { kind: 'events', volume: 'media_hours', harm: 'stalls' },
};

export function basisOf(metric: string): Basis {
  return BASES[metric] ?? { kind: 'amount' };
}

/** The metrics to ask for so that a figure can be judged, itself first. */
export function judged(metrics: readonly string[]): string[] {
  const out = new Set(metrics);
  for (const metric of metrics) {
    const { volume, events } = basisOf(metric);
    if (volume) out.add(volume);
    if (events) out.add(events);
  }
  return [...out];
}

/** One standard error of a figure; undefined when nothing can be said. */
export function standardError(metric: string, value: number | null, volume: number | null, events: number | null): number | undefined {
  if (value === null) return undefined;
  switch (basisOf(metric).kind) {
    case 'share':
      // Laplace's rule, so that none of a few is not taken for never.
      return volume && volume > 0 ? Math.sqrt(((value * volume + 1) / (volume + 2)) * (1 - (value * volume + 1) / (volume + 2)) / volume) : undefined;
    case 'mean':
      return volume && volume > 0 ? value / Math.sqrt(volume) : undefined;
    case 'time':
      // Stall lengths spread about as wide as their mean: variance of the sum is 2 · n · mean².
      return events && events > 0 ? value * Math.sqrt(2 / events) : undefined;
    case 'events':
      return volume && volume > 0 ? Math.sqrt((value * volume + 1) / volume ** 2) : undefined;
    case 'amount':
      // Plays of one viewer come together: wider than Poisson.
      return Math.sqrt(2 * Math.abs(value));
  }
}

export interface Judged {
  value: number | null;
  volume: number | null;
  events: number | null;
}

/** How many standard errors two figures are apart; undefined when nothing can be said. */
export function apart(metric: string, a: Judged, b: Judged): number | undefined {
  const x = standardError(metric, a.value, a.volume, a.events);
  const y = standardError(metric, b.value, b.volume, b.events);
  if (x === undefined || y === undefined || a.value === null || b.value === null) return undefined;
  const error = Math.hypot(x, y);
  return error > 0 ? (a.value - b.value) / error : undefined;
}
