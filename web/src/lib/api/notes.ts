// What an answer says about itself, in words for the reader.

import type { QueryMeta } from './types';

/** What the answers of questions and of insights say of themselves. */
type Meta = Pick<QueryMeta, 'suppressed' | 'suppressed_cells'> & { warnings?: readonly string[] | null };

/** What the planner says, as far as it matters to a reader. */
function inWords(warning: string): string {
  const widened = /^The range was widened to whole ([\w ]+):/.exec(warning);
  if (widened) return `In whole ${widened[1]}`;
  const small = /^Cells of a (\w+) with fewer than (\d+) viewers/.exec(warning);
  if (small) return `Without cells of fewer than ${small[2]} viewers in a ${small[1]}`;
  return /^No roll-up answers this/.test(warning) ? 'Finished plays only' : warning;
}

/** Those warnings that change how a figure is to be read; the others are said in a note. */
export function gravest(meta: Meta | undefined): string[] {
  return (meta?.warnings ?? []).filter((w) => inWords(w) === w && !/^A viewer's tastes are those before/.test(w));
}

/** A short note, or undefined when the answer is whole and exact as far as it says. */
export function noteOf(meta: Meta | undefined, except: readonly string[] = []): string | undefined {
  if (!meta) return undefined;
  const notes = [...new Set((meta.warnings ?? []).filter((w) => !except.includes(w)).map(inWords))];
  const hidden = meta.suppressed ?? meta.suppressed_cells?.length ?? 0;
  if (hidden > 0) notes.push(`${hidden} ${hidden === 1 ? 'figure is' : 'figures are'} hidden: fewer than 5 viewers could be told apart`);
  return notes.length ? notes.join(' · ') : undefined;
}
