// Launches out of rows of insights/launches: courses beside their bands, and what went wrong. Pure.

import { evidenceOf, figureOf, listOf, type Insight } from '$lib/api/insight';
import type { AgeBand } from '$lib/chart/ages';

export interface Launch {
  id: string;
  /** YYYY-MM-DD. */
  launched: string;
  days: number;
  hours: number;
  low: number;
  high: number;
  plays: number;
  viewers: number | undefined;
  byDay: (number | null)[];
  cumulative: (number | null)[];
  similar: number;
  band: AgeBand | undefined;
  /** Where it stands among similar titles on its last day; undefined when there are too few. */
  standing: 'above' | 'within' | 'below' | undefined;
}

/** The launches, those with most media hours a day first. */
export function launchesOf(rows: readonly Insight[]): Launch[] {
  return rows
    .flatMap((r): Launch[] => {
      if (r.kind !== 'launch' || typeof r.entity !== 'string') return [];
      const band = { low: listOf(r, 'band_low'), middle: listOf(r, 'band_median'), high: listOf(r, 'band_high') };
      const known = band.middle.some((v) => v !== null);
      const cumulative = listOf(r, 'media_hours_cumulative');
      const [last, low, high] = [cumulative.at(-1) ?? 0, band.low[cumulative.length - 1] ?? 0, band.high[cumulative.length - 1] ?? 0];
      return [
        {
          id: r.entity, launched: String(evidenceOf(r).launched ?? ''), days: figureOf(r, 'days') ?? cumulative.length, hours: r.estimate ?? 0, low: r.low ?? 0, high: r.high ?? 0, plays: r.n ?? 0,
          viewers: figureOf(r, 'viewers'), byDay: listOf(r, 'media_hours_by_day'), cumulative, similar: figureOf(r, 'similar_titles') ?? 0,
          band: known ? band : undefined, standing: known ? (last > high ? 'above' : last < low ? 'below' : 'within') : undefined,
        },
      ];
    })
    .sort((a, b) => b.hours / Math.max(1, b.days) - a.hours / Math.max(1, a.days));
}

export interface Trouble {
  id: string;
  kind: 'not_shown' | 'not_taken' | 'fails_to_start';
  /** Of not_shown. */
  country: string | undefined;
  rate: number | null;
  usual: number | undefined;
  /** Impressions that would have been seen there in proportion; of not_shown. */
  expected: number | undefined;
  n: number;
}

/** What went wrong with launches; countries where one is not shown are one line each. */
export function troubles(rows: readonly Insight[]): Trouble[] {
  return rows.flatMap((r): Trouble[] => {
    if (!(r.kind === 'not_shown' || r.kind === 'not_taken' || r.kind === 'fails_to_start') || typeof r.entity !== 'string') return [];
    const country = evidenceOf(r).country;
    return [{ id: r.entity, kind: r.kind, country: typeof country === 'string' ? country : undefined, rate: r.estimate, usual: figureOf(r, 'usual_rate'), expected: figureOf(r, 'expected_impressions'), n: r.n ?? 0 }];
  });
}
