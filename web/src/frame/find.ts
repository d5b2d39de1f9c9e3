// What the search box offers for what was typed.

import type { DimensionValue, Title } from '$lib/api/types';
import { countryName, deviceName } from '$lib/format/names';
import { COUNTRY_CODES } from '$lib/chart/countries';
import { PLACES } from './places';

export type Found =
  | { key: string; kind: 'page'; path: string; label: string; note: string }
  | { key: string; kind: 'title'; value: string; label: string; note: string }
  | { key: string; kind: 'filter'; dimension: 'country' | 'device_type'; value: string; label: string; note: string };

const PAGES: Found[] = PLACES.map((p) => ({ key: `page-${p.page}`, kind: 'page', path: p.path, label: p.name, note: p.about }));

const DEVICES = ['tv', 'phone', 'tablet', 'desktop', 'console'];
const MOST = 12;

/** Titles first, then countries and devices as filters, then pages; words that begin with the text lead. */
export function find(words: string, titles: ReadonlyMap<string, Title>, seen: readonly DimensionValue[]): Found[] {
  const text = fold(words.trim());
  if (!text) return [...PAGES, ...[...titles.values()].slice(0, 6).map(ofTitle)];
  const known = [...titles.values()]
    .map((title) => ({ title, rank: rankOf(title.name, text) }))
    .filter((t) => t.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.title.name.localeCompare(b.title.name))
    .slice(0, MOST)
    .map((t) => ofTitle(t.title));
  const ids = new Set(known.map((t) => t.key));
  const others = seen
    .filter((v) => !ids.has(`title-${v.value}`))
    .map((v): Found => ({ key: `title-${v.value}`, kind: 'title', value: v.value, label: v.label ?? v.value, note: 'title' }));
  const countries = COUNTRY_CODES.filter((code) => rankOf(countryName(code), text) > 1)
    .slice(0, 4)
    .map((code): Found => ({ key: `country-${code}`, kind: 'filter', dimension: 'country', value: code, label: countryName(code), note: 'filter by country' }));
  const devices = DEVICES.filter((d) => rankOf(deviceName(d), text) > 1).map(
    (d): Found => ({ key: `device-${d}`, kind: 'filter', dimension: 'device_type', value: d, label: deviceName(d), note: 'filter by device' }),
  );
  const pages = PAGES.filter((p) => rankOf(p.label, text) > 1);
  return [...known, ...others, ...countries, ...devices, ...pages].slice(0, MOST + 6);
}

function ofTitle(title: Title): Found {
  return { key: `title-${title.id}`, kind: 'title', value: title.id, label: title.name, note: title.genres?.[0] ?? title.kind ?? 'title' };
}

/** 3 begins with the text, 2 a word of it does, 1 contains it, 0 does not. */
function rankOf(name: string, text: string): number {
  const folded = fold(name);
  if (folded.startsWith(text)) return 3;
  if (folded.includes(` ${text}`)) return 2;
  return folded.includes(text) ? 1 : 0;
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
