// What the curves of a title tell: where it is watched again, where it is skipped,
// how much the opening costs. Pure.

import { position } from '$lib/format/duration';
import { percent, times } from '$lib/format/number';
import { steepest, type Curve as Retention } from './retention';

export interface Moment {
  kind: 'again' | 'skipped';
  from: number;
  to: number;
  /** Times a second was played, for each play that came that far; 1 is once. */
  rate: number;
  /** What is usual around it. */
  usual: number;
}

type Curve = readonly (readonly [number, number])[];

/**
 * Stretches that plays which came that far watched more or less often than what is
 * around them, the strongest first. `noise` is the relative deviation that is let pass.
 */
export function moments(reached: Curve, watched: Curve, duration: number, noise: number, most = 4): Moment[] {
  const at = new Map(reached);
  const rates = watched.map(([p, w]): [number, number] => [p, (at.get(p) ?? 0) > 0.02 ? w / (at.get(p) ?? 1) : NaN]).filter(([, r]) => Number.isFinite(r));
  if (rates.length < 12 || duration <= 0) return [];
  const half = Math.max(3, Math.round(rates.length / 8));
  const out: Moment[] = [];
  let open: Moment | undefined;
  rates.forEach(([p, r], i) => {
    // Openings are skipped and credits are left: that is no moment.
    const inside = p > duration * 0.03 && p < duration * 0.94;
    const around = rates.slice(Math.max(0, i - half), i + half + 1).map(([, v]) => v).sort((a, b) => a - b);
    const usual = around[Math.floor(around.length / 2)] ?? 1;
    const deviation = usual > 0 ? r / usual - 1 : 0;
    const kind = deviation > 0 ? 'again' : 'skipped';
    const next = rates[i + 1]?.[0] ?? duration;
    if (!inside || Math.abs(deviation) < noise) {
      open = undefined;
      return;
    }
    if (open && open.kind === kind) {
      open.to = next;
      if (Math.abs(r / usual - 1) > Math.abs(open.rate / open.usual - 1)) Object.assign(open, { rate: r, usual });
      return;
    }
    open = { kind, from: p, to: next, rate: r, usual };
    out.push(open);
  });
  const strength = (m: Moment): number => Math.abs(m.rate / m.usual - 1) * Math.sqrt(m.to - m.from);
  return out.sort((a, b) => strength(b) - strength(a)).slice(0, most);
}

/** Share of plays that end in the opening: the first two minutes, or a tenth of what is shorter. */
export function introLoss(reached: Curve, duration: number): { until: number; lost: number } | undefined {
  if (reached.length < 3 || duration <= 0) return undefined;
  const until = Math.min(120_000, duration / 10);
  const start = reached[0]?.[1] ?? 1;
  const end = reached.findLast(([p]) => p <= until)?.[1];
  return end === undefined ? undefined : { until, lost: start - end };
}

/** A stretch of a title that stands out, in words. */
export interface Scene {
  kind: 'opening' | 'again' | 'skipped' | 'loss';
  from: number;
  to: number;
  what: string;
  value: string;
  about: string;
  /** Whether it costs viewers, wins them, or neither. */
  tone: 'bad' | 'good' | 'warn' | 'plain';
}

/** Fewer finished plays tell no scene from another. */
export const FEWEST = 30;

/** What stands out of a title's curves, in the order of the title. */
export function scenes(curve: Retention | undefined, duration: number, plays: number): Scene[] {
  if (!curve || plays < FEWEST) return [];
  // Of few plays, one rewind is no scene.
  const noise = Math.max(0.06, 4 / Math.sqrt(plays));
  const intro = introLoss(curve.reached, duration);
  const worst = plays >= 50 ? steepest(curve.reached, duration) : undefined;
  const out: Scene[] = moments(curve.reached, curve.watched, duration, noise).map((m) => ({
    kind: m.kind,
    from: m.from,
    to: m.to,
    what: m.kind === 'again' ? 'Watched again' : 'Skipped',
    value: `${times(m.rate)} × a play`,
    about: `Plays that came this far watched it ${times(m.rate)} times; ${times(m.usual)} is usual around it.`,
    tone: m.kind === 'again' ? 'good' : 'warn',
  }));
  if (intro) out.push({ kind: 'opening', from: 0, to: intro.until, what: 'Opening', value: `${percent(intro.lost)} leave`, about: `${percent(intro.lost)} of plays end within the first ${position(intro.until)}.`, tone: intro.lost > 0.2 ? 'bad' : 'plain' });
  if (worst) out.push({ kind: 'loss', from: worst.from, to: worst.to, what: 'Steepest loss', value: `${percent(worst.lost)} leave`, about: `${percent(worst.lost)} of plays end between ${position(worst.from)} and ${position(worst.to)}.`, tone: 'bad' });
  return out.sort((a, b) => a.from - b.from);
}
