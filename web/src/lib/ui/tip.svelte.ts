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

  show(content: TipContent, anchor: DOMRect): void {
    this.content = content;
    this.anchor = anchor;
  }

  hide(): void {
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
      if (value) tips.show(typeof value === 'string' ? { text: value } : value, node.getBoundingClientRect());
    };
    const later = (): void => {
      timer = setTimeout(open, DELAY);
    };
    const focus = (): void => {
      if (node.matches(':focus-visible')) open();
    };
    const close = (): void => {
      clearTimeout(timer);
      tips.hide();
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
