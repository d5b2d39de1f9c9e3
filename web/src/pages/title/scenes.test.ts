import { describe, expect, it } from 'vitest';
import { scenes } from './moments';
import type { Curve } from './retention';

/** An hour of which every play sees everything but what is said, in steps of half a minute. */
function hour(change: (at: number) => { reached?: number; watched?: number }): Curve {
  const at = Array.from({ length: 121 }, (_, i) => i * 30_000);
  return { group: '', plays: 400, reached: at.map((p) => [p, change(p).reached ?? 1]), watched: at.map((p) => [p, change(p).watched ?? change(p).reached ?? 1]) };
}
const MINUTE = 60_000;

describe('scenes of a title', () => {
  it('are those watched again, those skipped, and where plays end, in the order of the title', () => {
    const curve = hour((p) => ({
      reached: p < 2 * MINUTE ? 1 : p < 40 * MINUTE ? 0.9 : 0.6,
      watched: p >= 20 * MINUTE && p < 22 * MINUTE ? 1.8 : p >= 30 * MINUTE && p < 31 * MINUTE ? 0.3 : p < 2 * MINUTE ? 1 : p < 40 * MINUTE ? 0.9 : 0.6,
    }));
    const found = scenes(curve, 60 * MINUTE, 400);
    expect(found.map((s) => [s.kind, s.from / MINUTE])).toEqual([['opening', 0], ['again', 20], ['skipped', 30], ['loss', expect.closeTo(38.5, 0)]]);
    expect(found[0]).toMatchObject({ value: '10.0% leave', tone: 'plain' });
    expect(found.at(-1)).toMatchObject({ value: '30.0% leave', tone: 'bad' });
  });

  it('are not told of few plays, nor of none', () => {
    expect(scenes(hour(() => ({})), 60 * MINUTE, 29)).toEqual([]);
    expect(scenes(undefined, 60 * MINUTE, 400)).toEqual([]);
  });
});
