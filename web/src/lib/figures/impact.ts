// impact(group) = (the group's rate − the rest's) × the group's volume: what would
// be spared if the group did as the rest does. It ranks a breakdown.

import { standardError, type Judged } from './basis';

export interface Impact {
  /** The rate of everything outside the group. */
  rest: number | null;
  /** In units of the numerator: hours, plays, ms. */
  impact: number;
  /** 95 of 100 such figures lie between. */
  low: number;
  high: number;
  /** The group's share of the volume. */
  share: number;
  /** The whole interval is on one side of zero. */
  certain: boolean;
}

const Z = 1.96;

export function impactOf(metric: string, group: Judged, all: Judged): Impact | undefined {
  if (group.value === null || group.volume === null || all.value === null || all.volume === null || group.volume <= 0) return undefined;
  const restVolume = all.volume - group.volume;
  const share = Math.min(1, group.volume / all.volume);
  if (restVolume <= all.volume * 1e-6) return { rest: null, impact: 0, low: 0, high: 0, share, certain: false };
  const rest = Math.max(0, (all.value * all.volume - group.value * group.volume) / restVolume);
  const restEvents = all.events !== null && group.events !== null ? Math.max(0, all.events - group.events) : null;
  const impact = (group.value - rest) * group.volume;
  const error = Math.hypot(
    standardError(metric, group.value, group.volume, group.events) ?? Infinity,
    standardError(metric, rest, restVolume, restEvents) ?? 0,
  );
  if (!Number.isFinite(error)) return { rest, impact, low: Math.min(0, impact), high: Math.max(0, impact), share, certain: false };
  const half = Z * error * group.volume;
  const low = impact - half;
  const high = impact + half;
  return { rest, impact, low, high, share, certain: low > 0 || high < 0 };
}

export interface Part {
  key: string;
  /** What the group adds to the change of the whole. */
  part: number;
}

/**
 * Splits the change of a figure over groups; the parts add up to it. For a rate a
 * group counts with its own change, and with the volume it won or lost where it
 * differs from the whole.
 */
export function contributions(rate: boolean, groups: readonly { key: string; now: Judged; before: Judged }[]): Part[] {
  const sum = (pick: (g: (typeof groups)[number]) => number | null): number => groups.reduce((total, g) => total + (pick(g) ?? 0), 0);
  if (!rate) return order(groups.map((g) => ({ key: g.key, part: (g.now.value ?? 0) - (g.before.value ?? 0) })));
  const volumeNow = sum((g) => g.now.volume);
  const volumeBefore = sum((g) => g.before.volume);
  if (volumeNow <= 0 || volumeBefore <= 0) return [];
  const whole = sum((g) => (g.before.value ?? 0) * (g.before.volume ?? 0)) / volumeBefore;
  return order(
    groups.map((g) => {
      const shareNow = (g.now.volume ?? 0) / volumeNow;
      const shareBefore = (g.before.volume ?? 0) / volumeBefore;
      // A group without figures on one side did there as the whole did.
      const before = g.before.value ?? whole;
      const now = g.now.value ?? before;
      return { key: g.key, part: shareNow * (now - before) + (shareNow - shareBefore) * (before - whole) };
    }),
  );
}

function order(parts: Part[]): Part[] {
  return parts.sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
}
