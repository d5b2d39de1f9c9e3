import { describe, expect, it } from 'vitest';
import { age, clock, day, duration, moment, position } from './duration';
import { show, showExact, shapeOf } from './metric';
import { countryName, deviceName } from './names';
import { change, count, exact, percent, rate } from './number';

const plain = (text: string): string => text.replaceAll('\u202f', ' ');

describe('count', () => {
  it.each([
    [0, '0'],
    [7, '7'],
    [0.4, '0.4'],
    [999, '999'],
    [1234, '1,234'],
    [9999, '9,999'],
    [9999.6, '10 k'],
    [12345, '12.3 k'],
    [99949, '99.9 k'],
    [99950, '100 k'],
    [123456, '123 k'],
    [999499, '999 k'],
    [999950, '1 M'],
    [1234567, '1.23 M'],
    [-12345, '-12.3 k'],
    [2.5e9, '2.5 B'],
    [1e12, '1 T'],
  ])('%d is %s', (value, want) => expect(plain(count(value))).toBe(want));
  it('has a dash for what is not known', () => {
    for (const value of [null, undefined, NaN, Infinity]) expect(count(value)).toBe('–');
  });
});

describe('percent', () => {
  it.each([
    [0, '0.0%'],
    [0.0123, '1.2%'],
    [0.0004, '<0.1%'],
    [1, '100.0%'],
    [-0.034, '−3.4%'],
  ])('%d is %s', (value, want) => expect(percent(value)).toBe(want));
});

describe('exact and rate', () => {
  it('groups, and keeps four decimals', () => {
    expect(exact(1234567)).toBe('1,234,567');
    expect(exact(0.123456)).toBe('0.1235');
  });
  it('has one decimal below ten', () => {
    expect(rate(3.14)).toBe('3.1');
    expect(rate(4)).toBe('4');
    expect(rate(812)).toBe('812');
    expect(rate(undefined)).toBe('–');
  });
});

describe('change', () => {
  it('has sign, direction and words', () => {
    expect(change(1123, 1000, true)).toMatchObject({ text: '+12.3%', direction: 'up', noise: false, words: 'up 12.3%' });
    expect(change(500, 1000, true)).toMatchObject({ text: '−50.0%', direction: 'down', noise: false });
  });
  it('knows noise: two Poisson counts that do not differ', () => {
    expect(change(103, 100, true).noise).toBe(true);
    expect(change(10_300, 10_000, true).noise).toBe(false);
    expect(change(0.0108, 0.01).noise).toBe(false);
    expect(change(0.0103, 0.01).noise).toBe(true);
  });
  it('says nothing without a twin, and "new" after zero', () => {
    expect(change(5, null).text).toBe('');
    expect(change(5, 0).text).toBe('new');
    expect(change(0, 0).text).toBe('0%');
  });
  it('turns huge growth into a factor', () => expect(change(50_000, 1000).text).toBe('×50'));
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [180, '180 ms'],
    [999.6, '1 s'],
    [3200, '3.2 s'],
    [59_960, '1 m'],
    [84_000, '1 m 24 s'],
    [3_600_000, '1 h'],
    [5_040_000, '1 h 24 m'],
    [200_000_000, '2 d 8 h'],
    [-3200, '−3.2 s'],
  ])('%d is %s', (ms, want) => expect(plain(duration(ms))).toBe(want));
  it('writes positions as a player does', () => {
    expect(position(83_000)).toBe('1:23');
    expect(position(5_025_000)).toBe('1:23:45');
    expect(position(-5)).toBe('0:00');
  });
  it('writes ages', () => {
    expect(plain(age(400))).toBe('0.4 s');
    expect(plain(age(12_400))).toBe('12 s');
    expect(plain(age(180_000))).toBe('3 m');
  });
  it('reads clocks in a zone', () => {
    const ms = Date.UTC(2026, 10, 23, 23, 30, 5);
    expect(clock(ms, 'UTC')).toBe('23:30');
    expect(clock(ms, 'Asia/Tokyo', true)).toBe('08:30:05');
    expect(day(ms, 'Asia/Tokyo')).toBe('24 Nov');
    expect(moment(ms, 'UTC')).toBe('Mon 23 Nov, 23:30');
  });
});

describe('metrics and names', () => {
  it('shows a metric by its kind', () => {
    expect(show('rebuffering_ratio', 0.0123)).toBe('1.2%');
    expect(plain(show('startup_time', 1234))).toBe('1.2 s');
    expect(plain(show('media_hours', 88_100))).toBe('88.1 k');
    expect(showExact('media_hours', 1234.567)).toBe('1,234.57 h');
    expect(showExact('plays', null)).toBe('no data');
  });
  it('shows a metric it has never heard of', () => {
    expect(shapeOf('brand_new_thing')).toMatchObject({ title: 'Brand new thing', kind: 'count' });
  });
  it('names codes', () => {
    expect(countryName('US')).toBe('United States');
    expect(countryName('')).toBe('Unknown');
    expect(countryName('not a code')).toBe('not a code');
    expect(deviceName('tv')).toBe('TV');
    expect(deviceName('set_top_box')).toBe('Set-top box');
    expect(deviceName('smart_fridge')).toBe('Smart fridge');
  });
});
