import { describe, expect, it } from 'vitest';
import { apart, judged, standardError } from './basis';
import { contributions, impactOf } from './impact';

const j = (value: number | null, volume: number | null, events: number | null = null) => ({ value, volume, events });

describe('a standard error', () => {
  it('is that of a share, a mean, of stalls, of a count', () => {
    expect(standardError('video_start_failure_rate', 0.01, 10_000, null)).toBeCloseTo(0.001, 4);
    expect(standardError('startup_time', 1000, 10_000, null)).toBe(10);
    expect(standardError('rebuffering_ratio', 0.01, 500, 200)).toBeCloseTo(0.001);
    expect(standardError('plays', 200, null, null)).toBe(20);
  });
  it('is not made up', () => {
    expect(standardError('startup_time', null, 5, null)).toBeUndefined();
    expect(standardError('rebuffering_ratio', 0.1, 5, 0)).toBeUndefined();
    expect(apart('startup_time', j(1, null), j(2, 5))).toBeUndefined();
  });
  it('does not take none of a few for never', () => {
    expect(standardError('video_start_failure_rate', 0, 10, null)).toBeGreaterThan(0.05);
  });
  it('knows what to ask for', () => {
    expect(judged(['rebuffering_ratio', 'plays'])).toEqual(['rebuffering_ratio', 'plays', 'watch_hours', 'stalls']);
  });
});

describe('impact', () => {
  it('is what the group would be spared', () => {
    const found = impactOf('video_start_failure_rate', j(0.05, 1000), j(0.014, 10_000));
    expect(found?.rest).toBeCloseTo(0.01);
    expect(found?.impact).toBeCloseTo(40);
    expect(found?.certain).toBe(true);
    expect(found?.share).toBeCloseTo(0.1);
    expect((found?.low ?? 0) < 40 && (found?.high ?? 0) > 40).toBe(true);
  });
  it('of the same rate is none, and not certain', () => {
    const found = impactOf('video_start_failure_rate', j(0.01, 1000), j(0.01, 10_000));
    expect(found?.impact).toBeCloseTo(0);
    expect(found?.certain).toBe(false);
  });
  it('of everything has no rest to compare with', () => {
    expect(impactOf('startup_time', j(900, 50), j(900, 50))).toMatchObject({ rest: null, impact: 0, certain: false });
    expect(impactOf('startup_time', j(null, 50), j(900, 500))).toBeUndefined();
  });
});

describe('contributions', () => {
  const groups = [
    { key: 'a', now: j(0.04, 600), before: j(0.01, 500) },
    { key: 'b', now: j(0.01, 400), before: j(0.01, 500) },
    { key: 'new', now: j(0.02, 100), before: j(null, null) },
  ];
  it('of a rate add up to its change', () => {
    const now = (0.04 * 600 + 0.01 * 400 + 0.02 * 100) / 1100;
    const parts = contributions(true, groups);
    expect(parts.reduce((sum, p) => sum + p.part, 0)).toBeCloseTo(now - 0.01);
    expect(parts[0]?.key).toBe('a');
  });
  it('of a sum are the differences, the largest first', () => {
    expect(contributions(false, [{ key: 'x', now: j(5, null), before: j(4, null) }, { key: 'y', now: j(1, null), before: j(9, null) }])).toEqual([
      { key: 'y', part: -8 },
      { key: 'x', part: 1 },
    ]);
  });
  it('of nothing are none', () => expect(contributions(true, [])).toEqual([]));
});
