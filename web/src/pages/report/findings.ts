// What stands out in a title's week, in sentences. Pure.

import { num, text, type Row } from '$lib/api/ask';
import { judgedOf } from '$lib/api/judged';
import { apart } from '$lib/figures/basis';
import { position } from '$lib/format/duration';
import { shapeOf, showFine } from '$lib/format/metric';
import { change, percent } from '$lib/format/number';
import { valueName } from '$lib/state/values';

interface More {
  intro: { until: number; lost: number } | undefined;
  worst: { from: number; to: number; lost: number } | undefined;
  countries: readonly Row[];
}

export function findings(metrics: readonly string[], row: Row | undefined, service: Row | undefined, more: More): string[] {
  const out: string[] = [];
  for (const m of metrics) {
    const [now, before] = [judgedOf(m, row), judgedOf(m, row, true)];
    const z = apart(m, now, before);
    const moved = change(now.value, before.value);
    if (z !== undefined && Math.abs(z) > 3 && before.value && Math.abs((now.value ?? 0) / before.value - 1) > 0.1) {
      const by = moved.words.replace(/^(up|down) /, '');
      const how = by.startsWith('×') ? `are ${by.slice(1)} times what they were` : `went ${moved.direction} by ${by}`;
      out.push(`${shapeOf(m).title} ${how}, from ${showFine(m, before.value)} to ${showFine(m, now.value)}.`);
    }
  }
  for (const m of metrics) {
    const [mine, all] = [judgedOf(m, row), judgedOf(m, service)];
    const z = apart(m, mine, all);
    if (shapeOf(m).sense < 0 && z !== undefined && z > 3 && all.value && (mine.value ?? 0) > all.value * 1.15) {
      out.push(`${shapeOf(m).title} is worse than for the whole service: ${showFine(m, mine.value)} against ${showFine(m, all.value)}.`);
    }
  }
  if (more.intro && more.intro.lost > 0.12) out.push(`${percent(more.intro.lost)} of plays end within the first ${position(more.intro.until)}.`);
  if (more.worst && more.worst.lost > 0.03) out.push(`The steepest loss is at ${position(more.worst.from)}: ${percent(more.worst.lost)} of plays end there.`);
  const risen = more.countries
    .map((r) => ({ name: valueName('country', text(r.country)), now: num(r.plays) ?? 0, before: num(r.plays_previous) ?? 0 }))
    .filter((r) => r.before > 20 && !change(r.now, r.before, true).noise)
    .sort((a, b) => b.now / b.before - a.now / a.before)[0];
  if (risen && risen.now > risen.before * 1.2) out.push(`It grew most in ${risen.name}: plays went up ${percent(risen.now / risen.before - 1)}.`);
  return out;
}
