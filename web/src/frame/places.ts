// The pages that the rail, the search box, the keys and the help page know.

import type { Route } from '$lib/state/router.svelte';
import { Activity, ChartNoAxesCombined, Clapperboard, Gauge, House, Images, ScanLine, Server, Settings, TrendingUp, UserRoundSearch, UsersRound } from '$lib/ui/icons';

export interface Place {
  page: Route['page'];
  path: string;
  name: string;
  /** Pressed after `g`. */
  key: string;
  /** What one finds there. */
  about: string;
  icon: typeof Activity;
  /** Watching what happens, understanding it, or running the house. */
  group: 'now' | 'why' | 'house';
  /** In the bottom bar of a narrow screen; the others are behind "More". */
  bar?: true;
  /** Whether range, comparison and filters say something here. */
  timed: boolean;
}

export const PLACES: readonly Place[] = [
  { page: 'home', path: '/', name: 'Home', key: 'h', about: 'what changed, beyond noise, and why', icon: House, group: 'now', bar: true, timed: true },
  { page: 'live', path: '/live', name: 'Live', key: 'l', about: 'who is watching right now', icon: Activity, group: 'now', bar: true, timed: true },
  { page: 'quality', path: '/quality', name: 'Quality', key: 'q', about: 'how well it plays, and who is hurt', icon: Gauge, group: 'now', bar: true, timed: true },
  { page: 'titles', path: '/titles', name: 'Titles', key: 't', about: 'the leaderboard, and each title', icon: Clapperboard, group: 'why', bar: true, timed: true },
  { page: 'creatives', path: '/creatives', name: 'Creatives', key: 'c', about: 'which artwork brings people in', icon: Images, group: 'why', timed: true },
  { page: 'audiences', path: '/audiences', name: 'Audiences', key: 'a', about: 'who watches this: size, profile, overlap', icon: UsersRound, group: 'why', timed: true },
  { page: 'trends', path: '/trends', name: 'Trends', key: 'r', about: 'what rises and fades, and what is asked for', icon: TrendingUp, group: 'why', timed: true },
  { page: 'explore', path: '/explore', name: 'Explore', key: 'x', about: 'any figures by anything', icon: ChartNoAxesCombined, group: 'why', timed: true },
  { page: 'viewers', path: '/viewers', name: 'Viewers', key: 'v', about: 'one viewer’s plays as a timeline, for support', icon: UserRoundSearch, group: 'house', timed: false },
  { page: 'events', path: '/events', name: 'Events', key: 'e', about: 'what comes in, and why something is rejected', icon: ScanLine, group: 'house', timed: false },
  { page: 'pipeline', path: '/pipeline', name: 'Pipeline', key: 'p', about: 'rate, lag, freshness, what is dropped', icon: Server, group: 'house', timed: false },
  { page: 'settings', path: '/settings', name: 'Settings', key: 's', about: 'keys, people, catalogue, definitions', icon: Settings, group: 'house', timed: false },
];

/** The place that a page belongs to. */
export function placeOf(page: Route['page']): Place | undefined {
  const owner = page === 'title' || page === 'report' ? 'titles' : page;
  return PLACES.find((p) => p.page === owner);
}
