import { describe, expect, it } from 'vitest';
import { conditions, parseNone, sampleCan, sampledOf, toggleNone } from './sampled';

describe('audiences from the sample', () => {
  it('knows what it can be asked by', () => {
    expect(sampleCan(['title', 'genre', 'country'])).toBe(true);
    expect(sampleCan(['title', 'cdn'])).toBe(false);
    expect(conditions({ genre: ['noir', 'drama'], country: [] })).toEqual([{ dimension: 'genre', in: ['noir', 'drama'] }]);
  });

  it('holds what must not be met in the address, values with colons too', () => {
    expect(parseNone(['genre:noir', 'title:a:b', 'cdn:x', 'genre:', 'nonsense', 'genre:drama'])).toEqual({ genre: ['noir', 'drama'], title: ['a:b'] });
    expect(toggleNone(['genre:noir'], 'title', 'x')).toEqual(['genre:noir', 'title:x']);
    expect(toggleNone(['genre:noir', 'title:x'], 'genre', 'noir')).toEqual(['title:x']);
  });

  it('reads a size, its interval and what sets it apart', () => {
    const row = (entity: string, kind: string, estimate: number | null, low: number | null, high: number | null, evidence: object) => ({ entity, kind, estimate, low, high, n: 1, basis: 'observed', evidence });
    const found = sampledOf([
      row('audience', 'size', 325, 320, 330, { population: 6510, sampled_share: 0.5 }),
      row('cast:Ann: the elder', 'profile_cast', 2, 1.2, 3, { share: 0.4, share_of_all: 0.2 }),
      row('genre:noir', 'profile_genre', 1.1, 0.8, 1.3, { share: 0.3, share_of_all: 0.28 }),
      row('genre:none', 'profile_genre', null, null, null, {}),
    ]);
    expect(found?.size).toEqual({ value: 325, low: 320, high: 330 });
    expect([found?.population, found?.share]).toEqual([6510, 0.5]);
    expect(found?.profile.map((t) => [t.dimension, t.value, t.sure])).toEqual([['cast', 'Ann: the elder', true], ['genre', 'noir', false]]);
    expect(sampledOf([row('audience', 'size', null, null, null, {})])?.size).toBeUndefined();
    expect(sampledOf([])).toBeUndefined();
  });
});
