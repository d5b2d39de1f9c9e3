// What component tests share: put a component on a page, look at it, take it off.

import { createRawSnippet, flushSync, mount, unmount, type Component, type Snippet } from 'svelte';
import { memory } from '../lib/api/memory.svelte';

const mounted: Record<string, unknown>[] = [];

/** Puts a component on an empty page and returns where it is. */
export function show<P extends Record<string, unknown>>(component: Component<P>, props: P): HTMLElement {
  const target = document.createElement('div');
  document.body.append(target);
  mounted.push(mount(component, { target, props }));
  flushSync();
  return target;
}

/** Takes everything off the page. Call after each test. */
export async function clear(): Promise<void> {
  await Promise.all(mounted.splice(0).map((m) => unmount(m)));
  document.body.replaceChildren();
  memory.clear(); // or the next test is told what this one was
}

/** Text as a snippet. */
export function words(text: string): Snippet {
  return createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));
}

export function find(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`nothing is ${selector}`);
  return found;
}

export function all(root: ParentNode, selector: string): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(selector)];
}

/** A button by what it says or is labelled. */
export function button(root: ParentNode, name: string): HTMLButtonElement {
  const found = all(root, 'button').find((b) => (b.getAttribute('aria-label') ?? b.textContent ?? '').trim().includes(name));
  if (!found) throw new Error(`no button says ${name}`);
  return found as HTMLButtonElement;
}

export function click(element: HTMLElement): void {
  element.click();
  flushSync();
}

export function press(element: HTMLElement, key: string): void {
  element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  flushSync();
}

export function type(input: HTMLElement, value: string): void {
  (input as HTMLInputElement).value = value;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}

/** Lets promises and effects that wait come to pass. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((done) => setTimeout(done, 0));
    flushSync();
  }
}

/** Visible words, spaces folded. */
export function read(element: Element): string {
  return (element.textContent ?? '').replace(/\s+/g, ' ').trim();
}
