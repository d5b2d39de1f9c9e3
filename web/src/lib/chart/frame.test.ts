// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { all, button, clear, click, find, read, settle, show, words } from '../../testing/dom';
import ChartFrame from './ChartFrame.svelte';
import SheetTable from './SheetTable.svelte';

afterEach(async () => {
  await clear();
  vi.restoreAllMocks();
});

const sheet = () => ({ columns: ['time', 'Plays'], rows: [['2026-11-26T12:00:00Z', 12345.5], ['2026-11-26T12:01:00Z', null]] as (string | number | null)[][] });

function frame(more: object = {}): HTMLElement {
  return show(ChartFrame as never, { title: 'Plays over time', unit: 'plays', sheet, children: words('a picture'), ...more });
}

const open = (root: HTMLElement): void => click(button(root, 'Plays over time: table and downloads'));

describe('the frame of a chart', () => {
  it('is a table for who reads figures, and a chart again', () => {
    const root = frame();
    expect(read(root)).toContain('a picture');
    open(root);
    click(button(root, 'As table'));
    const table = find(root, '[role=region][aria-label="Plays over time as a table"] table');
    expect(all(table, 'th[scope=col]').map(read)).toEqual(['time', 'Plays']);
    expect(all(table, 'tbody tr').map((r) => all(r, 'td').map(read))).toEqual([
      ['2026-11-26T12:00:00Z', '12,345.5'],
      ['2026-11-26T12:01:00Z', '–'],
    ]);
    expect(read(root)).not.toContain('a picture');
    open(root);
    click(button(root, 'As chart'));
    expect(read(root)).toContain('a picture');
  });

  it('keeps the picture while an error is told', () => {
    const retry = vi.fn();
    const root = frame({ error: new ApiError(500, 'It failed', ''), retry, ready: true });
    expect(read(root)).toContain('a picture');
    click(button(root, 'Retry'));
    expect(retry).toHaveBeenCalledOnce();
  });

  it('says that it loads, or that there is nothing, and never shows an empty picture', () => {
    expect(read(frame({ ready: false }))).toContain('Loading');
    const nothing = read(frame({ empty: true }));
    expect(nothing).toContain('Nothing was measured');
    expect(nothing).not.toContain('a picture');
  });

  it('offers PNG only with a chart, annotating only to who may', () => {
    const plain = frame();
    open(plain);
    expect(all(plain, '[data-item]').map(read)).toEqual(['As table', 'Download CSV', 'Print']);
    const annotate = vi.fn();
    const root = frame({ chart: { getDataURL: () => 'data:image/png;base64,AAAA' }, annotate });
    open(root);
    expect(all(root, '[data-item]').map(read)).toEqual(['As table', 'Download CSV', 'Download PNG', 'Print', 'Annotate…']);
    click(button(root, 'Annotate…'));
    expect(annotate).toHaveBeenCalledOnce();
  });

  it('saves the picture on the ground of the theme, twice as sharp', () => {
    const getDataURL = vi.fn(() => 'data:image/png;base64,AAAA');
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    const root = frame({ chart: { getDataURL } });
    open(root);
    click(button(root, 'Download PNG'));
    expect(getDataURL).toHaveBeenCalledWith(expect.objectContaining({ type: 'png', pixelRatio: 2 }));
    expect(saved).toEqual(['playhead-plays-over-time.png']);
  });

  it('prints alone, and leaves the page as it was', async () => {
    let during = '';
    window.print = vi.fn(() => {
      during = `${document.documentElement.classList.contains('print-one')} ${all(document, '.print-this').length}`;
      window.dispatchEvent(new Event('afterprint'));
    });
    const root = frame();
    open(root);
    click(button(root, 'Print'));
    await settle();
    expect(window.print).toHaveBeenCalledOnce();
    expect(during).toBe('true 1');
    expect(document.documentElement.classList.contains('print-one')).toBe(false);
    expect(all(document, '.print-this')).toHaveLength(0);
  });
});

describe('a chart as a table', () => {
  it('scrolls by keyboard under its own name', () => {
    const root = show(SheetTable, { sheet: sheet(), label: 'Plays', height: 100 });
    expect(find(root, '[tabindex="0"]').style.maxHeight).toBe('220px');
  });
});
