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

  show(content: TipContent, anchor: DOMRect, owner?: Element): void {
    this.#owner = owner;
    this.content = content;
    this.anchor = anchor;
  }

  /** Hides what is shown; with an owner only if it is about that element. */
  hide(owner?: Element): void {
    if (owner && owner !== this.#owner) return;
    this.content = undefined;
  }
}

export const tips = new TipState();

const DELAY = 120;

/** `{@attach tip(() => …)}`: what is said about an element on hover and focus. */
export function tip(content: () => TipContent | string | undefined): Attachment<Element> {
  return (node) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = (): void => {
      const value = content();
      if (value) tips.show(typeof value === 'string' ? { text: value } : value, node.getBoundingClientRect(), node);
    };
    const later = (): void => {
      timer = setTimeout(open, DELAY);
    };
    const focus = (): void => {
      if (node.matches(':focus-visible')) open();
    };
    const close = (): void => {
      clearTimeout(timer);
      // Not now: taking a focused element away blurs it while the page is being drawn.
      queueMicrotask(() => tips.hide(node));
    };
    node.addEventListener('pointerenter', later);
    node.addEventListener('pointerleave', close);
    node.addEventListener('pointerdown', close);
    node.addEventListener('focus', focus);
    node.addEventListener('blur', close);
    return () => {
      close();
      node.removeEventListener('pointerenter', later);
      node.removeEventListener('pointerleave', close);
      node.removeEventListener('pointerdown', close);
      node.removeEventListener('focus', focus);
      node.removeEventListener('blur', close);
    };
  };
}
