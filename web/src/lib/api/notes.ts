// What an answer says about itself, in words for the reader.

import type { QueryMeta } from './types';

/** What the planner says, as far as it matters to a reader. */
function inWords(warning: string): string {
  const widened = /^The range was widened to whole ([\w ]+):/.exec(warning);
  if (widened) return `In whole ${widened[1]}`;
  return /^No roll-up answers this/.test(warning) ? 'Finished plays only' : warning;
}

/** A short note, or undefined when the answer is whole and exact as far as it says. */
export function noteOf(meta: QueryMeta | undefined): string | undefined {
  if (!meta) return undefined;
  const notes = [...new Set((meta.warnings ?? []).map(inWords))];
  const hidden = meta.suppressed ?? meta.suppressed_cells?.length ?? 0;
  if (hidden > 0) notes.push(`${hidden} ${hidden === 1 ? 'figure is' : 'figures are'} hidden: fewer than 5 viewers could be told apart`);
  return notes.length ? notes.join(' · ') : undefined;
}
