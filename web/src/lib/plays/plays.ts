// What single plays say, in words and in places on a line. Pure.

import { duration } from '../format/duration';
import type { PlaySession, PlayState, SinglePlay } from '../api/types';

export interface StateLook {
  name: string;
  color: string;
  /** How much of the track's height it takes: told apart without colour too. */
  height: number;
}

const LOOKS: Record<PlayState['state'], StateLook> = {
  playing: { name: 'Playing', color: 'var(--series-1)', height: 1 },
  startup: { name: 'Starting', color: 'var(--series-2)', height: 0.5 },
  stalled: { name: 'Stalled', color: 'var(--bad)', height: 1 },
  seek_stalled: { name: 'Stalled after a seek', color: 'var(--series-4)', height: 1 },
  seeking: { name: 'Seeking', color: 'var(--series-7)', height: 0.5 },
  paused: { name: 'Paused', color: 'var(--line-strong)', height: 0.2 },
  ad: { name: 'Ad', color: 'var(--series-3)', height: 0.7 },
};

/** How a state is drawn and called; one that is not known yet is called by its name. */
export function lookOf(state: string): StateLook {
  return LOOKS[state as PlayState['state']] ?? { name: state, color: 'var(--muted)', height: 0.5 };
}

/** The states that occur in some plays, in the order of the legend. */
export function statesIn(plays: readonly SinglePlay[]): PlayState['state'][] {
  const there = new Set(plays.flatMap((p) => (p.states ?? []).map((s) => s.state)));
  return (Object.keys(LOOKS) as PlayState['state'][]).filter((s) => there.has(s));
}

export interface Ending {
  text: string;
  tone: 'good' | 'bad' | 'warn' | 'muted';
}

/** How a play went, in a word or two. */
export function endingOf(play: Pick<SinglePlay, 'outcome' | 'now' | 'first_frame' | 'error_code' | 'error_class' | 'completed'>): Ending {
  switch (play.outcome) {
    case 'open':
      return { text: `${lookOf(play.now ?? 'playing').name} now`, tone: 'good' };
    case 'failed':
      return { text: play.first_frame ? 'Failed while playing' : 'Failed to start', tone: 'bad' };
    case 'left':
      return { text: 'Left before it started', tone: 'warn' };
    case 'silence':
      return { text: 'Went silent', tone: 'muted' };
    default:
      return { text: play.completed ? 'Watched to the end' : 'Ended', tone: 'muted' };
  }
}

/** Why it failed: code and class, where the player said them. */
export function failureOf(play: Pick<SinglePlay, 'outcome' | 'error_code' | 'error_class'>): string | undefined {
  if (play.outcome !== 'failed') return undefined;
  return [play.error_code || 'no code given', play.error_class].filter(Boolean).join(', ');
}

export interface Piece {
  state: PlayState;
  /** Per cent of the track. */
  left: number;
  width: number;
}

/** The states of a play as places on a track from `from` to `to` (epoch ms). */
export function piecesOf(states: readonly PlayState[] | null | undefined, from: number, to: number): Piece[] {
  const span = Math.max(1, to - from);
  return (states ?? []).map((state) => {
    const a = Math.max(from, Date.parse(state.from));
    const b = Math.min(to, Date.parse(state.to));
    return { state, left: ((a - from) / span) * 100, width: (Math.max(0, b - a) / span) * 100 };
  });
}

/** Times that fall on round minutes or hours within a stretch, at most about `most` of them. */
export function ticksOf(from: number, to: number, most = 6): number[] {
  const steps = [1_000, 5_000, 15_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000];
  const step = steps.find((s) => (to - from) / s <= most) ?? 86_400_000;
  const list: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) list.push(at);
  return list;
}

/** A play in a sentence, for a screen reader and for a label. */
export function sentenceOf(play: SinglePlay, title: string, when: string): string {
  const parts = [title, when, endingOf(play).text.toLowerCase()];
  const failure = failureOf(play);
  if (failure) parts.push(failure);
  if (play.media_ms > 0) parts.push(`${duration(play.media_ms)} played`);
  if (play.startup_ms !== null) parts.push(`started in ${duration(play.startup_ms)}`);
  if (play.stalls > 0) parts.push(`${play.stalls} ${play.stalls === 1 ? 'stall' : 'stalls'}, ${duration(play.stall_ms)} in all`);
  return parts.join(', ');
}

export interface Totals {
  plays: number;
  failed: number;
  stalls: number;
  stallMS: number;
  mediaMS: number;
}

export function totalsOf(sessions: readonly PlaySession[]): Totals {
  const all = sessions.flatMap((s) => s.plays ?? []);
  return {
    plays: all.length,
    failed: all.filter((p) => p.outcome === 'failed').length,
    stalls: all.reduce((n, p) => n + p.stalls, 0),
    stallMS: all.reduce((n, p) => n + p.stall_ms, 0),
    mediaMS: all.reduce((n, p) => n + p.media_ms, 0),
  };
}
