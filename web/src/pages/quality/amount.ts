// The numerator of a rate in words: "12.3 k hours", "3 h 20 m of waiting".

import { basisOf } from '$lib/figures/basis';
import { duration } from '$lib/format/duration';
import { shapeOf } from '$lib/format/metric';
import { count, minus } from '$lib/format/number';

const HOUR = 3_600_000;

/** An impact, which is rate × volume, with its sign and unit. */
export function amountOf(metric: string, impact: number): string {
  const { kind } = basisOf(metric);
  const size = Math.abs(impact);
  const sign = impact < 0 ? '−' : '+';
  // Hours of stalls, or milliseconds of startup: both are time that viewers waited.
  if (kind === 'time') return `${sign}${duration(size * HOUR)}`;
  if (shapeOf(metric).kind === 'ms') return `${sign}${duration(size)}`;
  return `${sign}${minus(count(size < 10 ? Math.round(size * 10) / 10 : Math.round(size)))} ${unitOf(metric)}`;
}

function unitOf(metric: string): string {
  return basisOf(metric).harm ?? '';
}
