// Work that can wait until the page has drawn what the reader asked for: one
// piece at a time, so that a click is never behind more than one of them.

const waiting: (() => void)[] = [];
let asked = false;

/** Runs it when the page has nothing else to do, or after `timeout` ms; returns what takes it back. */
export function idly(run: () => void, timeout = 300): () => void {
  waiting.push(run);
  plan(timeout);
  return () => {
    const at = waiting.indexOf(run);
    if (at >= 0) waiting.splice(at, 1);
  };
}

function plan(timeout: number): void {
  if (asked || waiting.length === 0) return;
  asked = true;
  const next = (): void => {
    asked = false;
    waiting.shift()?.();
    plan(timeout);
  };
  if (typeof requestIdleCallback === 'function') requestIdleCallback(next, { timeout });
  else setTimeout(next, 1);
}
