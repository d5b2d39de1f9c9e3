// One tooltip for the whole page, shown on hover and on keyboard focus.

import type { Attachment } from 'svelte/attachments';
import type { Definition } from '../api/types';

export interface TipContent {
  title?: string;
  text?: string;
  definition?: Definition;
  /** Rows of name and value. */
  rows?: [string, string][];
}

class TipState {
  content = $state.raw<TipContent | undefined>(undefined);
  anchor = $state.raw<DOMRect | undefined>(undefined);

  #owner: Element | undefined;

  /** The element that what is shown is about. */
  get owner(): Element | undefined {
    return this.#owner;
  }

  show(content: TipContent, anchor: DOMRect, owner?: Element): void {
    this.#owner = owner;
    this.content = content;
    this.anchor = anchor;
  }

  /** Hides what is shown; with an owner only if it is about that element. */
  hide(owner?: Element): void {
    if (owner && owner !== this.#owner) return;
    this.#owner = undefined;
    this.content = undefined;
  }
}

export const tips = new TipState();

const DELAY = 120;

type Content = () => TipContent | string | undefined;

/** What is said about an element. A page has thousands: they share the document's listeners. */
const said = new WeakMap<Element, Content>();
let over: Element | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let listening = false;

/** `{@attach tip(() => …)}`: what is said about an element on hover and focus. */
export function tip(content: Content): Attachment<Element> {
  return (node) => {
    if (!listening) listen();
    said.set(node, content);
    return () => {
      said.delete(node);
      if (over === node) leave();
      else close(node);
    };
  };
}

function listen(): void {
  listening = true;
  document.addEventListener('pointerover', (event) => enter(owner(event.target)));
  document.documentElement.addEventListener('pointerleave', leave);
  document.addEventListener('pointerdown', leave);
  document.addEventListener('focusin', (event) => {
    const node = event.target;
    if (node instanceof Element && said.has(node) && node.matches(':focus-visible')) open(node);
  });
  document.addEventListener('focusout', (event) => event.target instanceof Element && close(event.target));
}

/** The nearest element about which something is said. */
function owner(target: EventTarget | null): Element | undefined {
  let node = target instanceof Element ? target : null;
  while (node && !said.has(node)) node = node.parentElement;
  return node ?? undefined;
}

function enter(node: Element | undefined): void {
  if (node === over) return;
  leave();
  over = node;
  if (node) timer = setTimeout(() => open(node), DELAY);
}

function leave(): void {
  clearTimeout(timer);
  const left = over;
  over = undefined;
  if (left) close(left);
}

function open(node: Element): void {
  const value = said.get(node)?.();
  if (value) tips.show(typeof value === 'string' ? { text: value } : value, node.getBoundingClientRect(), node);
}

/** Not now: taking a focused element away blurs it while the page is being drawn. */
function close(node: Element): void {
  if (tips.owner === node) queueMicrotask(() => tips.hide(node));
}
