import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, emptyView, grainOf, parseView, refreshOf, windowOf, writeView, type ViewState } from './url';

const parse = (search: string): ViewState => parseView(new URLSearchParams(search));

describe('the address', () => {
  it('is empty for the default view', () => expect(writeView(emptyView()).toString()).toBe(''));

  it.each([
    'range=24h',
    'range=7d&compare=previous',
    'range=custom&from=2026-11-01T00%3A00%3A00.000Z&to=2026-11-02T00%3A00%3A00.000Z',
    'tz=Europe%2FBerlin&title=t1&title=t2&country=US&device_type=tv',
    'compare=year&country=',
    'country=US&f.app_version=8.4.1&f.cdn=a&f.cdn=b',
  ])('survives a round trip: %s', (search) => expect(writeView(parse(search)).toString()).toBe(search));

  it('keeps the keys of a page beside the shared ones', () => {
    const params = new URLSearchParams('sort=viewers&range=30m&find=a%26b');
    expect(writeView(parse('range=7d'), params).toString()).toBe('range=7d&sort=viewers&find=a%26b');
  });

  it('takes nothing it does not know', () => {
    expect(parse('range=9y&compare=moon&tz=Mars/Olympus')).toEqual(emptyView());
    expect(parse('range=custom&from=2026-11-02&to=2026-11-01').range).toBeUndefined();
    expect(parse('range=custom&from=soon').range).toBeUndefined();
  });

  it('takes epoch milliseconds and drops repeated values', () => {
    expect(parse('range=custom&from=1000&to=2000')).toMatchObject({ from: 1000, to: 2000 });
    expect(parse('country=US&country=US').filters.country).toEqual(['US']);
  });
});

describe('windows', () => {
  const now = Date.UTC(2026, 10, 23, 14, 5, 37, 250);

  it('lie on the cells that answer fastest', () => {
    expect(windowOf({ range: '30m', from: undefined, to: undefined }, '24h', now)).toEqual({
      from: Date.UTC(2026, 10, 23, 13, 35, 30),
      to: Date.UTC(2026, 10, 23, 14, 5, 30),
      span: 30 * MINUTE,
    });
    expect(windowOf({ range: '24h', from: undefined, to: undefined }, '24h', now).to).toBe(Date.UTC(2026, 10, 23, 14, 10));
    const week = windowOf({ range: '7d', from: undefined, to: undefined }, '24h', now);
    expect(week.to).toBe(Date.UTC(2026, 10, 23, 15));
    expect(week.span).toBe(7 * DAY);
  });

  it('fall back to the page, know custom and all time', () => {
    expect(windowOf(emptyView(), '3h', now).span).toBe(3 * HOUR);
    expect(windowOf({ range: 'custom', from: 5, to: 9 }, '3h', now)).toEqual({ from: 5, to: 9, span: 4 });
    expect(windowOf({ range: 'all', from: undefined, to: undefined }, '3h', now).from).toBeUndefined();
  });

  it('are drawn with a few hundred points and asked again at a fitting pace', () => {
    const of = (span: number | undefined) => ({ from: 0, to: span, span });
    expect([30 * MINUTE, 3 * HOUR, DAY, 7 * DAY, 28 * DAY, undefined].map((s) => grainOf(of(s)))).toEqual(['10s', 'minute', 'minute', 'hour', 'day', 'day']);
    expect(refreshOf(of(30 * MINUTE))).toBe(10_000);
    expect(refreshOf(of(undefined))).toBe(2 * MINUTE);
  });
});
