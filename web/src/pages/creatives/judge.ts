// A creative's rate with its interval, and how it stands to its siblings. Pure.

import { num, text, type Row } from '$lib/api/ask';
import type { Insight } from '$lib/api/insight';
import { entityOf } from '$lib/api/insight';
import { judgedOf } from '$lib/api/judged';
import { apart, standardError, type Judged } from '$lib/figures/basis';

export interface Standing {
  id: string;
  figure: Judged;
  estimate: number;
  low: number;
  high: number;
  /** Of the volume of all of them. */
  share: number;
  impressions: number | null;
  /** Against the best of the others: surely better, surely worse, or not to be told yet. */
  verdict: 'best' | 'worse' | 'open';
  /** How likely it is the best of its title, where the server says. */
  best: number | undefined;
  /** randomised, adjusted or raw; undefined where the plain rate is shown. */
  basis: string | undefined;
  row: Row;
}

const Z = 1.96;

function evidence(row: Insight | undefined): Record<string, unknown> {
  return row && typeof row.evidence === 'object' && row.evidence !== null ? (row.evidence as Record<string, unknown>) : {};
}

function probability(row: Insight | undefined): number | undefined {
  const value = evidence(row).probability_best;
  return typeof value === 'number' ? value : undefined;
}

function verdictOf(row: Insight): Standing['verdict'] {
  if (evidence(row).winner === true) return 'best';
  const best = probability(row);
  return row.basis === 'randomised' && best !== undefined && best < 0.025 ? 'worse' : 'open';
}

/** The creatives of one shape, the best estimate first. Estimates of the insight layer go before plain ones. */
export function standings(metric: string, rows: readonly Row[], estimates: readonly Insight[] | undefined): Standing[] {
  const better = new Map((estimates ?? []).map((e) => [entityOf(e, 'creative'), e]));
  const volume = rows.reduce((sum, r) => sum + (judgedOf(metric, r).volume ?? 0), 0);
  const out = rows.flatMap((row): Standing[] => {
    const id = text(row.creative);
    const figure = judgedOf(metric, row);
    const given = metric === 'take_rate' ? better.get(id) : undefined;
    const error = standardError(metric, figure.value, figure.volume, figure.events);
    const estimate = given?.estimate ?? figure.value;
    if (id === '' || estimate === null || (error === undefined && given?.low == null)) return [];
    return [
      {
        id,
        figure,
        estimate,
        low: given?.low ?? Math.max(0, estimate - Z * (error ?? 0)),
        high: given?.high ?? Math.min(1, estimate + Z * (error ?? 0)),
        share: volume > 0 ? (figure.volume ?? 0) / volume : 0,
        impressions: num(row.impressions),
        verdict: given ? verdictOf(given) : 'open',
        best: probability(given),
        basis: given ? String(given.basis) : undefined,
        row,
      },
    ];
  });
  out.sort((a, b) => b.estimate - a.estimate);
  for (const s of out) {
    // What the server judged stands: only pictures that were chosen by chance may win.
    if (s.basis !== undefined) continue;
    const others = out.filter((o) => o !== s);
    if (others.length === 0) continue;
    if (others.every((o) => s.low > o.high || (apart(metric, s.figure, o.figure) ?? 0) > 2.4)) s.verdict = 'best';
    else if (others.some((o) => o.low > s.high || (apart(metric, o.figure, s.figure) ?? 0) > 2.4)) s.verdict = 'worse';
  }
  return out;
}
