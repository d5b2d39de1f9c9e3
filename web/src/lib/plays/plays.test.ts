import { describe, expect, it } from 'vitest';
import type { SinglePlay } from '../api/types';
import { endingOf, failureOf, lookOf, piecesOf, sentenceOf, statesIn, ticksOf, totalsOf } from './plays';
import { reasonOf, sampleOf, worstOf } from './sample';

const at = (s: number): string => new Date(1_800_000_000_000 + s * 1000).toISOString();

const play = (more: Partial<SinglePlay> = {}): SinglePlay => ({
  play: '01', part: 0, from: at(0), to: at(60), requested: at(0), first_frame: at(1), ended: at(60), outcome: 'ended',
  title: 't', live: false, country: 'US', region: '', device_type: 'tv', os: '', app_version: '', player: '', cdn: 'a', isp: '',
  startup_ms: 1000, duration_ms: null, furthest_ms: null, media_ms: 50_000, watched_ms: 60_000, stall_ms: 9000, stalls: 2, bitrate_kbps: 4000,
  dropped_frames: 0, completed: false, cut: false,
  states: [
    { state: 'startup', from: at(0), to: at(1) },
    { state: 'playing', from: at(1), to: at(51) },
    { state: 'stalled', from: at(51), to: at(60) },
  ],
  ...more,
});

describe('single plays in words', () => {
  it('says how a play went', () => {
    expect(endingOf(play()).text).toBe('Ended');
    expect(endingOf(play({ completed: true })).text).toBe('Watched to the end');
    expect(endingOf(play({ outcome: 'open', now: 'paused' }))).toEqual({ text: 'Paused now', tone: 'good' });
    expect(endingOf(play({ outcome: 'failed', first_frame: null })).text).toBe('Failed to start');
    expect(endingOf(play({ outcome: 'failed' }))).toEqual({ text: 'Failed while playing', tone: 'bad' });
    expect(endingOf(play({ outcome: 'left', first_frame: null })).tone).toBe('warn');
    expect(endingOf(play({ outcome: 'silence' })).text).toBe('Went silent');
  });

  it('names the failure as far as the player did', () => {
    expect(failureOf(play())).toBeUndefined();
    expect(failureOf(play({ outcome: 'failed', error_code: 'E7', error_class: 'technical' }))).toBe('E7, technical');
    expect(failureOf(play({ outcome: 'failed' }))).toBe('no code given');
  });

  it('tells a screen reader everything that the line shows', () => {
    expect(sentenceOf(play({ outcome: 'failed', error_code: 'E7' }), 'Quiet Ferry', '26 Nov 14:05')).toBe(
      'Quiet Ferry, 26 Nov 14:05, failed while playing, E7, 50\u202fs played, started in 1\u202fs, 2 stalls, 9\u202fs in all',
    );
  });

  it('calls a state that it does not know by its name', () => {
    expect(lookOf('dreaming').name).toBe('dreaming');
    expect(statesIn([play()])).toEqual(['playing', 'startup', 'stalled']);
  });

  it('sums what a viewer played', () => {
    expect(totalsOf([{ from: at(0), to: at(9), plays: [play(), play({ outcome: 'failed' })] }, { from: at(0), to: at(9), plays: null }])).toEqual({
      plays: 2, failed: 1, stalls: 4, stallMS: 18_000, mediaMS: 100_000,
    });
  });
});

describe('single plays on a line', () => {
  it('places states in per cent, and cuts what is outside', () => {
    const t0 = Date.parse(at(0));
    const pieces = piecesOf(play().states, t0, t0 + 100_000);
    expect(pieces.map((p) => [p.left, p.width])).toEqual([[0, 1], [1, 50], [51, 9]]);
    expect(piecesOf(play().states, t0 + 30_000, t0 + 55_000).map((p) => p.width)).toEqual([0, 84, 16]);
    expect(piecesOf(null, 0, 1)).toEqual([]);
  });

  it('puts few ticks on round times', () => {
    const ticks = ticksOf(61_000, 3_600_000);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every((t) => t % 600_000 === 0)).toBe(true);
    expect(ticksOf(0, 10 * 86_400_000)).toContain(86_400_000);
  });
});

describe('samples', () => {
  it('chooses plays by what a figure is about', () => {
    expect(['rebuffering_ratio', 'startup_time', 'video_start_failure_rate', 'exits_before_video_start', 'average_bitrate', 'plays', 'stalls_per_hour'].map(worstOf)).toEqual([
      'stalls', 'startup', 'failures', 'exits', 'bitrate', 'latest', 'stalls',
    ]);
  });

  it('asks by what a play has one value of, and says what it left out', () => {
    const now = Date.parse(at(0));
    const { ask, left, cut } = sampleOf({ from: now - 1000, to: undefined } as never, now, { cdn: ['a'], genre: ['noir'], isp: [] }, 'stalls');
    expect(ask.where).toEqual([{ dimension: 'cdn', in: ['a'] }]);
    expect([left, cut, ask.to]).toEqual([['genre'], false, at(0)]);
  });

  it('asks for the end of a long range', () => {
    const now = Date.parse(at(0));
    const { ask, cut } = sampleOf({ from: undefined, to: undefined } as never, now, {}, 'latest');
    expect(cut).toBe(true);
    expect(now - Date.parse(ask.from)).toBe(7 * 86_400_000);
  });

  it('says why a play is in it', () => {
    expect(reasonOf('stalls', play())).toBe('9\u202fs stalled');
    expect(reasonOf('failures', play({ error_class: 'business' }))).toBe('business');
    expect(reasonOf('failures', play())).toBe('failed');
    expect(reasonOf('exits', play())).toBe('left after 1\u202fm');
    expect(reasonOf('bitrate', play())).toBe('4.0\u202fMbit/s');
    expect(reasonOf('latest', play({ now: 'ad' }))).toBe('Ad');
  });
});
