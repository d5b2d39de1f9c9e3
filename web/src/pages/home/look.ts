// When this browser last looked, for "what changed since".

const KEY = 'playhead-looked';
/** A visit after this pause is a new look, ms. */
const PAUSE = 20 * 60_000;

interface Looks {
  /** The end of the visit before this one. */
  before?: number;
  /** The newest moment of this visit. */
  last: number;
}

/** The moment the visit before this one ended, epoch ms, and keeps the present one. */
export function lastLook(now = Date.now()): number | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Looks | null;
    const before = kept && now - kept.last > PAUSE ? kept.last : kept?.before;
    localStorage.setItem(KEY, JSON.stringify({ last: now, ...(before === undefined ? {} : { before }) } satisfies Looks));
    return before;
  } catch {
    return undefined;
  }
}
