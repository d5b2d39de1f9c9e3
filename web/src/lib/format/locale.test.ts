import { afterEach, describe, expect, it } from 'vitest';
import { clock, day, duration, midnight, moment } from './duration';
import { locale, writeBy } from './locale';
import { count, exact, percent, times } from './number';

const AT = Date.UTC(2026, 10, 23, 14, 5, 30);
const written = (): string[] => [exact(1234567), count(12345), percent(0.1234), times(1.5), duration(3200), day(AT, 'UTC'), clock(AT, 'UTC')].map((s) => s.replace(/[\u00a0\u202f]/g, ' '));

describe('figures and times are written as the reader’s browser asks', () => {
  afterEach(() => writeBy(['en-GB']));

  it.each([
    ['en-GB', ['1,234,567', '12.3 k', '12.3%', '1.50', '3.2 s', '23 Nov', '14:05']],
    ['en-US', ['1,234,567', '12.3 k', '12.3%', '1.50', '3.2 s', 'Nov 23', '2:05 PM']],
    ['de-DE', ['1.234.567', '12,3 k', '12,3 %', '1,50', '3,2 s', '23. Nov.', '14:05']],
    ['fr-FR', ['1 234 567', '12,3 k', '12,3 %', '1,50', '3,2 s', '23 nov.', '14:05']],
  ])('%s', (tag, expected) => {
    writeBy([tag]);
    expect(written()).toEqual(expected);
  });

  it('by the first that is known, and by what is built in when none is', () => {
    writeBy(['not a tag', 'xx-XX', 'de']);
    expect(locale()).toBe('de');
    writeBy([]);
    expect(locale()).toBe('en-GB');
  });

  it('knows where a day begins whatever the clock is', () => {
    for (const tag of ['en-US', 'en-GB', 'de', 'ja']) {
      writeBy([tag]);
      expect([midnight(Date.UTC(2026, 10, 22, 23), 'Europe/Berlin'), midnight(AT, 'UTC')]).toEqual([true, false]);
    }
    writeBy(['en-US']);
    expect(moment(AT, 'UTC')).toMatch(/^Mon Nov 23, 2:05\sPM$/);
  });
});
