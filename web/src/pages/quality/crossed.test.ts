import { describe, expect, it } from 'vitest';
import { dimensionsOf, grouped, pairName, PAIRS, valuesOf } from './crossed';

describe('dimensions that are crossed', () => {
  it('have one name in the address, and come back from it', () => {
    expect(pairName(PAIRS[0])).toBe('isp-cdn');
    expect(dimensionsOf('isp-cdn')).toEqual(['isp', 'cdn']);
    expect(dimensionsOf('device_type')).toEqual(['device_type']);
  });

  it('make one group of two values, and none where one is not known', () => {
    const rows = [{ isp: 'Union', cdn: 'north', plays: 3 }, { isp: '', cdn: 'north', plays: 5 }];
    const [group, ...more] = grouped('isp-cdn', rows);
    expect(more).toEqual([]);
    expect(valuesOf(String(group?.['isp-cdn']))).toEqual(['Union', 'north']);
    expect(grouped('cdn', rows)).toBe(rows);
  });
});
