// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { press } from '../../testing/dom';
import { arrowKeys } from './arrows';

const at = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const go = (from: string, key: string): string => {
  at(from).focus();
  press(at(from), key);
  return document.activeElement?.id ?? '';
};

describe('arrow keys', () => {
  beforeEach(() => document.addEventListener('keydown', arrowKeys));
  afterEach(() => {
    document.removeEventListener('keydown', arrowKeys);
    document.body.replaceChildren();
  });

  it('go up and down the same column of a table, past lines without anything, and along a line', () => {
    document.body.innerHTML = `<table><tbody>
      <tr><td><button id="a1"></button></td><td><button id="a2"></button></td></tr>
      <tr><td>no button</td></tr>
      <tr><td><button id="b1"></button></td><td><button disabled></button></td></tr>
      <tr><td><button id="c1"></button></td><td><button id="c2"></button></td></tr></tbody></table>`;
    expect(go('a1', 'ArrowDown')).toBe('b1');
    expect(go('a2', 'ArrowDown')).toBe('b1');
    expect(go('c2', 'Home')).toBe('a2');
    expect(go('a1', 'End')).toBe('c1');
    expect(go('a1', 'ArrowUp')).toBe('a1');
    expect(go('a1', 'ArrowRight')).toBe('a2');
    expect(go('a2', 'ArrowRight')).toBe('a2');
  });

  it('go through rows that are no table, and lists', () => {
    document.body.innerHTML = `<div role="rowgroup"><div role="row"><a id="r1" href="/1"></a></div><div role="row"><a id="r2" href="/2"></a></div></div>
      <ol><li><button id="l1"></button></li><li><button id="l2"></button></li></ol>`;
    expect(go('r1', 'ArrowDown')).toBe('r2');
    for (const [i, id] of ['l1', 'l2'].entries()) at(id).closest('li')!.getBoundingClientRect = () => new DOMRect(0, i * 20, 100, 20);
    expect(go('l1', 'ArrowDown')).toBe('l2');
    expect(go('l1', 'ArrowRight')).toBe('l1');
  });

  it('go to the nearest card of the next row in a grid', () => {
    document.body.innerHTML = `<ul>${[1, 2, 3, 4, 5].map((n) => `<li><button id="g${n}"></button></li>`).join('')}</ul>`;
    for (const n of [0, 1, 2, 3, 4]) at(`g${n + 1}`).closest('li')!.getBoundingClientRect = () => new DOMRect((n % 3) * 100, Math.floor(n / 3) * 100, 90, 90);
    expect(go('g2', 'ArrowDown')).toBe('g5');
    expect(go('g3', 'ArrowDown')).toBe('g5');
    expect(go('g4', 'ArrowUp')).toBe('g1');
    expect(go('g3', 'ArrowRight')).toBe('g4');
  });

  it('leave fields, menus and keys with others alone', () => {
    document.body.innerHTML = `<ul><li><input id="i1"></li><li><button id="i2"></button></li></ul><ul role="menu"><li><button id="m1"></button></li><li><button id="m2"></button></li></ul>`;
    expect(go('i1', 'ArrowDown')).toBe('i1');
    expect(go('m1', 'ArrowDown')).toBe('m1');
  });
});
