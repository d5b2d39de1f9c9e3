// A creative's rate with its interval, and how it stands to its siblings. Pure.

import { num, text, type Row } from '$lib/api/ask';
import { entityOf, evidenceOf, figureOf, type Insight } from '$lib/api/insight';
import { judgedOf } from '$lib/api/judged';
import { count } from '$lib/format/number';
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
  /** What the server judged, with its evidence. */
  given: Insight | undefined;
  row: Row;
}

const Z = 1.96;

function verdictOf(row: Insight): Standing['verdict'] {
  if (evidenceOf(row).winner === true) return 'best';
  const best = figureOf(row, 'probability_best');
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
        best: figureOf(given, 'probability_best'),
        basis: given ? String(given.basis) : undefined,
        given,
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

/** Whether the first is better than the second, in a sentence; `better` is the difference in words. */
export function verdictWords(first: Standing, second: Standing, z: number, names: readonly [string, string], better: string): string {
  const open = 'They cannot be told apart yet: the difference is within chance.';
  if (first.basis === undefined) return z > 2 ? `${names[0]} is surely better than ${names[1]}: ${better} more.` : `${open} Let both be seen by more viewers.`;
  if (first.basis === 'raw') return `They cannot be told apart: they were not shown in the same places, so that ${better} more of one may come from where it stood.`;
  if (first.low > second.high) return `${names[0]} is surely better than ${names[1]}: ${better} more${first.basis === 'adjusted' ? ', where like is compared with like' : ''}.`;
  const needs = figureOf(first.given, 'viewers_needed');
  return `${open}${needs === undefined ? '' : ` About ${count(needs)} more viewers of each would tell.`}`;
}

/** What was taken out of a comparison, in words: "placement, rank, country, device and a taste for drama". */
export function takenOut(names: readonly string[], name: (dimension: string) => string): string {
  const all = names.map((n) => (n.startsWith('affinity ') ? `a taste for ${n.slice(n.indexOf(':') + 1)}` : name(n)));
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
}
