// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../testing/dom';
import { memory } from './memory.svelte';
import { probe } from './resource.probe.svelte';

const MINUTE = 60_000;
const asked = (from: number, to: number, title = 'a'): string =>
  JSON.stringify({ metrics: ['plays'], where: [{ dimension: 'title', in: [title] }], from: new Date(from).toISOString(), to: new Date(to).toISOString() });

beforeEach(() => memory.clear());

describe('what is recalled', () => {
  it.each([
    ['the same question at once', asked(0, 60 * MINUTE), 1000, true],
    ['the same question later, to be asked again', asked(0, 60 * MINUTE), 30_000, false],
    ['a window that has moved on a little', asked(5 * MINUTE, 65 * MINUTE), 1000, false],
  ])('%s', (_, key, later, fresh) => {
    memory.keep('ask', asked(0, 60 * MINUTE), 'answer', 0);
    expect(memory.recall('ask', key, later)).toEqual({ data: 'answer', at: 0, fresh });
  });

  it.each([
    ['another window', 'ask', asked(30 * MINUTE, 90 * MINUTE), 1000],
    ['a wider window', 'ask', asked(0, 120 * MINUTE), 1000],
    ['other filters', 'ask', asked(0, 60 * MINUTE, 'b'), 1000],
    ['somebody else’s answer', 'hurt', asked(0, 60 * MINUTE), 1000],
    ['what is long ago', 'ask', asked(0, 60 * MINUTE), 11 * MINUTE],
  ])('not %s', (_, name, key, later) => {
    memory.keep('ask', asked(0, 60 * MINUTE), 'answer', 0);
    expect(memory.recall(name, key, later)).toBeUndefined();
  });

  it('keeps one answer of a question, and forgets those asked longest ago', () => {
    for (let i = 0; i < 50; i++) memory.keep('ask', asked(i, i + MINUTE), i, 0);
    expect(memory.recall('ask', asked(49, 49 + MINUTE), 0)?.data).toBe(49);
    for (let i = 0; i < 160; i++) memory.keep('ask', asked(0, MINUTE, `other ${i}`), i, 0);
    expect(memory.recall('ask', asked(49, 49 + MINUTE), 0)).toBeUndefined();
  });
});

describe('a page that is opened again', () => {
  it('shows what it showed, marked with its age until it has its answer, and asks anew unless it was just told', async () => {
    let give: (value: string) => void = () => {};
    const load = vi.fn((_: string) => new Promise<string>((yes) => (give = yes)));
    const first = probe(load, 'panel');
    first.ask('question');
    flushSync();
    give('one');
    await settle();
    first.end();

    const soon = probe(load, 'panel');
    soon.ask('question');
    flushSync();
    expect([soon.it.data, load.mock.calls.length, memory.oldest]).toEqual(['one', 1, undefined]);
    soon.it.retry();
    flushSync();
    expect(load).toHaveBeenCalledTimes(2);
    soon.end();

    const told = Date.now() - MINUTE;
    memory.keep('panel', JSON.stringify('question'), 'one', told);
    const again = probe(load, 'panel');
    again.ask('question');
    flushSync();
    expect([again.it.data, load.mock.calls.length, memory.oldest]).toEqual(['one', 3, told]);
    give('two');
    await settle();
    expect([again.it.data, memory.oldest]).toEqual(['two', undefined]);
    again.end();
  });

  it('says nothing of an answer whose page was left', () => {
    memory.keep('panel', JSON.stringify('question'), 'one', Date.now() - MINUTE);
    const it = probe((_: string) => new Promise<string>(() => {}), 'panel');
    it.ask('question');
    flushSync();
    expect(memory.oldest).toBeDefined();
    it.end();
    expect(memory.oldest).toBeUndefined();
  });
});
