// Momentum against the same hours of earlier weeks, out of rows of insights/trends. Pure.

import { evidenceOf, figureOf, rangedOf, type Insight } from '$lib/api/insight';

export interface Momentum {
  value: string;
  /** Of the share of media hours: 0.5 is half more than in earlier weeks. */
  growth: number;
  low: number;
  high: number;
  share: number | undefined;
  weeks: number;
  /** It holds however often one looks. */
  alarm: boolean;
  /** The same without its largest title. */
  without: { title: string; growth: number; sure: boolean } | undefined;
  plays: number | null;
}

const relative = (log: number): number => Math.exp(log) - 1;

/** What rises, or fades, the surest first. */
export function moving(rows: readonly Insight[], rising: boolean): Momentum[] {
  return rows
    .flatMap((r): Momentum[] => {
      if (r.kind !== (rising ? 'rising' : 'fading') || r.estimate === null || r.low === null || r.high === null || typeof r.entity !== 'string') return [];
      const top = evidenceOf(r).top_title;
      const rest = rangedOf(r, 'without_top_title');
      return [
        {
          value: r.entity, growth: relative(r.estimate), low: relative(r.low), high: relative(r.high), share: figureOf(r, 'share'), weeks: figureOf(r, 'weeks') ?? 0,
          alarm: evidenceOf(r).alarm === true, plays: r.n,
          without: typeof top === 'string' && rest ? { title: top, growth: relative(rest.estimate), sure: rising ? rest.low > 0 : rest.high < 0 } : undefined,
        },
      ];
    })
    .sort((a, b) => (rising ? b.low - a.low : a.high - b.high));
}

/** Whether earlier weeks are known of anything: without, there is no season to set it against. */
export function seasonal(rows: readonly Insight[] | undefined): boolean {
  return (rows ?? []).some((r) => r.kind !== 'unknown');
}
