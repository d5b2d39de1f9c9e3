import { DAY } from '$lib/state/url';

/** A launch further back than this says little of the days since, ms. */
const REACH = 60 * DAY;

/** The launch day, epoch ms, when it is recent enough to look at the days since; else undefined. */
export function recentLaunch(launched: string | undefined, now: number): number | undefined {
  const at = Date.parse(launched ?? '');
  return Number.isFinite(at) && at <= now && now - at < REACH ? at : undefined;
}
