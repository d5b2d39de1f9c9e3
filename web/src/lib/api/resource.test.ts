// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../testing/dom';
import { ApiError } from './client';
import { probe } from './resource.probe.svelte';

afterEach(() => vi.useRealTimers());

describe('an answer is kept while the next one is on its way', () => {
  it('keeps the old data through a slow question and through an error', async () => {
    let give: (value: string) => void = () => {};
    let fail: (error: unknown) => void = () => {};
    const p = probe((_: string) => new Promise<string>((yes, no) => ((give = yes), (fail = no))));
    p.ask('first');
    flushSync();
    expect(p.it.pending).toBe(true);
    give('one');
    await settle();
    expect([p.it.data, p.it.pending]).toEqual(['one', false]);
    p.ask('second');
    flushSync();
    expect(p.it.data).toBe('one');
    await new Promise((done) => setTimeout(done, 350));
    expect(p.it.slow).toBe(true);
    fail(new ApiError(503, 'Service Unavailable', 'starting'));
    await settle();
    expect([p.it.data, p.it.error?.status, p.it.slow]).toEqual(['one', 503, false]);
    p.it.retry();
    flushSync();
    give('two');
    await settle();
    expect([p.it.data, p.it.error]).toEqual(['two', undefined]);
    p.end();
  });

  it('an answer that was overtaken changes nothing', async () => {
    const gives: ((value: string) => void)[] = [];
    const signals: AbortSignal[] = [];
    const p = probe((_: string, signal) => new Promise<string>((yes) => (gives.push(yes), signals.push(signal))));
    p.ask('slow');
    flushSync();
    p.ask('fast');
    flushSync();
    expect(signals[0]?.aborted).toBe(true);
    gives[1]?.('fast');
    await settle();
    gives[0]?.('slow');
    await settle();
    expect(p.it.data).toBe('fast');
    p.end();
  });

  it('asks nothing without arguments, and not again for the same ones', async () => {
    const load = vi.fn((a: string) => Promise.resolve(a));
    const p = probe(load);
    flushSync();
    expect(load).not.toHaveBeenCalled();
    p.ask('same');
    flushSync();
    p.ask('same');
    flushSync();
    await settle();
    expect(load).toHaveBeenCalledOnce();
    p.end();
  });
});
