import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { idly } from './idle';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('runs one piece at a time, in order, and not what was taken back', () => {
  const ran: number[] = [];
  idly(() => ran.push(1));
  const back = idly(() => ran.push(2));
  idly(() => ran.push(3));
  back();
  expect(ran).toEqual([]);
  vi.advanceTimersToNextTimer();
  expect(ran).toEqual([1]);
  vi.runAllTimers();
  expect(ran).toEqual([1, 3]);
});
