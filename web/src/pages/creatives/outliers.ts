// Pictures that are out of the ordinary, each once, with everything that is said of it. Pure.

import { entityOf, evidenceOf, rangedOf, words, type Insight } from '$lib/api/insight';
import { percent, times } from '$lib/format/number';

export interface Outlier {
  /** The creative's id. */
  id: string;
  /** What is said of it, the weightiest first. */
  reasons: string[];
  /** What the reason that leads means. */
  about: string;
  /** Whether the reason that leads is bad for the title, good for it, or neither. */
  tone: 'bad' | 'good' | 'plain';
  /** What the reasons stand on, in a sentence; "" when nothing is known. */
  because: string;
  /** Of the row that leads: its rate with its interval, by so many viewers. */
  row: Insight;
  /** Whether the evidence holds however often one looks. */
  alarm: boolean;
}

/** The families of the API in the reader's words. The first that holds leads. */
const FAMILIES: Record<string, { label: string; about: string; tone: Outlier['tone'] }> = {
  clickbait: { label: 'Clickbait', about: 'It draws viewers in and does not keep them.', tone: 'bad' },
  hidden_gem: { label: 'Hidden gem', about: 'Few take it, and those who do stay.', tone: 'good' },
  effective_down: { label: 'Fewer watch to the end', about: 'Of those who saw it, fewer complete the title than with its siblings.', tone: 'bad' },
  effective_up: { label: 'More watch to the end', about: 'Of those who saw it, more complete the title than with its siblings.', tone: 'good' },
  take_down: { label: 'Taken less', about: 'Fewer take it than title, place and audience explain.', tone: 'bad' },
  take_up: { label: 'Taken more', about: 'More take it than title, place and audience explain.', tone: 'good' },
};
const ORDER = Object.keys(FAMILIES);

/** Families that say nothing more where another one is said: what draws in and does not keep is taken more. */
const IMPLIED: Record<string, readonly string[]> = { clickbait: ['take_up'], hidden_gem: ['take_down'] };

/** One entry a picture, in the order in which the server lists them. */
export function outliers(rows: readonly Insight[]): Outlier[] {
  const by = new Map<string, Insight[]>();
  for (const row of rows) {
    const id = entityOf(row, 'creative');
    by.set(id, [...(by.get(id) ?? []), row]);
  }
  const rank = (row: Insight): number => (ORDER.indexOf(row.kind) + ORDER.length + 1) % (ORDER.length + 1);
  return [...by].flatMap(([id, list]): Outlier[] => {
    const sorted = list.toSorted((a, b) => rank(a) - rank(b));
    const row = sorted[0];
    if (!row) return [];
    const implied = new Set(sorted.flatMap((r) => IMPLIED[r.kind] ?? []));
    return [
      {
        id,
        reasons: sorted.filter((r) => !implied.has(r.kind)).map((r) => FAMILIES[r.kind]?.label ?? r.kind.replaceAll('_', ' ')),
        about: FAMILIES[row.kind]?.about ?? '',
        tone: FAMILIES[row.kind]?.tone ?? 'plain',
        because: because(row),
        row,
        alarm: sorted.some((r) => evidenceOf(r).alarm === true),
      },
    ];
  });
}

/** How it stands to its siblings, and what comes after the take. */
function because(row: Insight): string {
  const [ratio, keep] = [middle(row, 'ratio_to_siblings'), middle(row, 'completion_given_take')];
  const parts = [
    ratio === undefined ? '' : `${times(ratio)} × its siblings`,
    keep === undefined ? '' : `${percent(keep)} of takers complete`,
  ].filter(Boolean);
  return parts.join(' · ') || words(row.evidence);
}

/** A number of the evidence, or the middle of one that has an interval. */
function middle(row: Insight, name: string): number | undefined {
  const value = evidenceOf(row)[name];
  const found = Array.isArray(value) ? Number(value[0]) : typeof value === 'number' ? value : rangedOf(row, name)?.estimate;
  return found !== undefined && Number.isFinite(found) ? found : undefined;
}
