/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokens(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const blocks = css.split(/\n(?=:root\[data-theme='dark'\]|@media)/);
const themes: [string, Map<string, string>][] = [
  ['light', tokens(blocks[0] ?? '')],
  ['dark', tokens(blocks[1] ?? '')],
];

describe.each(themes)('%s', (_, theme) => {
  const of = (name: string): string => theme.get(name) ?? '';
  const grounds = ['bg', 'panel', 'raised', 'sunken'];

  it('has text that can be read on every ground', () => {
    for (const name of ['text', 'muted', 'accent', 'good', 'warn', 'bad']) {
      for (const ground of grounds) expect([name, ground, contrast(of(name), of(ground)) >= 4.5]).toEqual([name, ground, true]);
    }
    expect(contrast(of('accent-text'), of('accent'))).toBeGreaterThanOrEqual(4.5);
    for (const tone of ['good', 'bad', 'warn']) expect(contrast(of(tone), of(`${tone}-soft`))).toBeGreaterThanOrEqual(4.5);
  });

  it('has lines that can be seen', () => {
    for (const name of ['line-strong', ...Array.from({ length: 8 }, (_, i) => `series-${i + 1}`)]) {
      expect([name, contrast(of(name), of('panel')) >= 3]).toEqual([name, true]);
    }
  });
});

it('the system preference gives the same dark as the choice', () => {
  expect([...tokens(blocks[2] ?? '')]).toEqual([...(themes[1]?.[1] ?? [])]);
});
