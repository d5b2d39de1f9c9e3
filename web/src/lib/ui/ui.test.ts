// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { server } from '../api/server.svelte';
import { all, button, clear, click, find, press, read, settle, show, words } from '../../testing/dom';
import Approx from './Approx.svelte';
import Artwork from './Artwork.svelte';
import BarList from './BarList.svelte';
import Button from './Button.svelte';
import CopyButton from './CopyButton.svelte';
import DataTable, { type TableColumn } from './DataTable.svelte';
import Delta from './Delta.svelte';
import Dialog from './Dialog.svelte';
import EmptyState from './EmptyState.svelte';
import ErrorNote from './ErrorNote.svelte';
import Interval from './Interval.svelte';
import Matrix from './Matrix.svelte';
import Menu from './Menu.svelte';
import MenuItem from './MenuItem.svelte';
import MetricName from './MetricName.svelte';
import Panel from './Panel.svelte';
import Poster from './Poster.svelte';
import ProgressLine from './ProgressLine.svelte';
import Segmented from './Segmented.svelte';
import Select from './Select.svelte';
import Spark from './Spark.svelte';
import TipLayer from './TipLayer.svelte';
import { tips } from './tip.svelte';

afterEach(async () => {
  tips.hide();
  await clear();
  vi.restoreAllMocks();
});

interface Row {
  name: string;
  plays: number | null;
}

const ROWS: Row[] = [
  { name: 'b', plays: 10 },
  { name: 'a', plays: null },
  { name: 'c', plays: 40 },
];
const COLUMNS: TableColumn<Row>[] = [
  { id: 'name', label: 'Name', left: true, value: (r) => r.name },
  { id: 'plays', label: 'Plays', value: (r) => r.plays, bar: true },
];

describe('DataTable', () => {
  const table = (more: object = {}): HTMLElement =>
    show(DataTable<Row> as never, { label: 'Titles', rows: ROWS, columns: COLUMNS, keyOf: (r: Row) => r.name, rowName: (r: Row) => `Open ${r.name}`, ...more });
  const names = (root: HTMLElement): string[] => all(root, '[role=rowgroup]:last-child [role=row]').map((r) => read(find(r, '[role=cell]')));

  it('sorts by a header, the largest first, and the other way on a second click; what is missing stays last', () => {
    const root = table();
    expect(names(root)).toEqual(['b', 'a', 'c']);
    click(button(root, 'Plays'));
    expect(names(root)).toEqual(['c', 'b', 'a']);
    expect(find(root, '[aria-sort=descending]').textContent).toContain('Plays');
    click(button(root, 'Plays'));
    expect(names(root)).toEqual(['b', 'c', 'a']);
    click(button(root, 'Name'));
    expect(names(root)).toEqual(['a', 'b', 'c']);
  });

  it('draws a bar of the share of the largest behind the number', () => {
    const widths = all(table(), '[role=cell] [style*=width]').map((e) => e.style.width);
    expect(widths).toEqual(['25.0%', '0.0%', '100.0%']);
  });

  it('moves between rows by arrows and opens one', () => {
    const onrow = vi.fn();
    const root = table({ onrow });
    const rows = all(root, '[data-row]');
    rows[0]?.focus();
    press(rows[0] as HTMLElement, 'ArrowDown');
    expect(document.activeElement).toBe(rows[1]);
    press(rows[1] as HTMLElement, 'End');
    expect(document.activeElement).toBe(rows[2]);
    press(rows[2] as HTMLElement, 'ArrowDown');
    expect(document.activeElement).toBe(rows[2]);
    click(button(root, 'Open c'));
    expect(onrow).toHaveBeenCalledWith(ROWS[2]);
  });
});

describe('Delta', () => {
  it('says a change in words, with a tone by what it does to viewers', () => {
    const root = show(Delta, { current: 300, previous: 100, sense: -1 });
    expect(read(find(root, '.sr-only'))).toBe('up 200.0% against the period before');
    expect(find(root, 'span').className).toContain('text-bad');
  });

  it('is grey inside noise, and when better knowledge says so', () => {
    expect(find(show(Delta, { current: 101, previous: 100, counts: true }), 'span').className).toContain('text-muted');
    expect(find(show(Delta, { current: 300, previous: 100, sense: 1, noise: true }), 'span').className).toContain('text-muted');
  });

  it('is nothing without a comparison', () => {
    expect(read(show(Delta, { current: 1, previous: null }))).toBe('');
  });
});

describe('Menu', () => {
  it('opens, closes on Esc with the focus back on its button, and on a press elsewhere', async () => {
    const root = show(Menu as never, { label: 'More', trigger: words('More'), children: words('Inside') });
    const opener = button(root, 'More');
    expect(opener.getAttribute('aria-expanded')).toBe('false');
    click(opener);
    expect(read(root)).toContain('Inside');
    press(opener, 'Escape');
    expect(read(root)).not.toContain('Inside');
    expect(document.activeElement).toBe(opener);
    click(opener);
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    await settle();
    expect(read(root)).not.toContain('Inside');
  });

  it('marks what is chosen', () => {
    const onclick = vi.fn();
    const root = show(MenuItem, { checked: true, hint: '12', onclick, children: words('Germany') });
    expect(find(root, 'button').getAttribute('aria-pressed')).toBe('true');
    expect(read(root)).toBe('Germany 12');
    click(find(root, 'button'));
    expect(onclick).toHaveBeenCalledOnce();
  });
});

describe('choices', () => {
  const options = [
    { value: 'a', label: 'First' },
    { value: 'b', label: 'Second' },
  ];

  it('Segmented presses one and tells of another', () => {
    const onchange = vi.fn();
    const root = show(Segmented as never, { label: 'Which', value: 'a', options, onchange });
    expect(all(root, '[aria-pressed=true]').map(read)).toEqual(['First']);
    click(button(root, 'Second'));
    expect(onchange).toHaveBeenCalledWith('b');
  });

  it('Select has a name and tells of a change', () => {
    const onchange = vi.fn();
    const root = show(Select as never, { label: 'Which', value: 'a', options, onchange });
    const select = find(root, 'select') as HTMLSelectElement;
    expect(select.getAttribute('aria-label') ?? read(find(root, 'label'))).toContain('Which');
    select.value = 'b';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    expect(onchange).toHaveBeenCalledWith('b');
  });

  it('Button is a button of its own, not one that sends a form', () => {
    const root = show(Button as never, { active: true, 'aria-pressed': true, children: words('Go') });
    expect(find(root, 'button').getAttribute('type')).toBe('button');
    expect(find(root, 'button').getAttribute('aria-pressed')).toBe('true');
  });
});

describe('states', () => {
  const error = (status: number): ApiError => new ApiError(status, 'It failed', 'the disk is full');

  it.each([
    [0, 'tried again by itself'],
    [403, 'Ask the operator for a role'],
    [500, 'server log'],
    [400, 'time range or the filters'],
  ])('an error of status %i says what to do', (status, advice) => {
    const retry = vi.fn();
    const root = show(ErrorNote, { error: error(status), retry });
    expect(find(root, '[role=alert]').textContent).toContain('the disk is full');
    expect(read(root)).toContain(advice);
    click(button(root, 'Retry'));
    expect(retry).toHaveBeenCalledOnce();
  });

  it('a panel keeps what it shows while the next answer is on its way', () => {
    const root = show(Panel, { title: 'Plays', unit: 'per minute', note: 'of everybody', slow: true, children: words('42') });
    expect(find(root, '[role=progressbar]').getAttribute('aria-label')).toBe('loading');
    expect(read(root)).toContain('42');
    expect(find(root, 'section').getAttribute('aria-label')).toBe('Plays');
    expect(show(ProgressLine, { slow: false }).querySelector('[role=progressbar]')).toBeNull();
  });

  it('an empty state says what will be here', () => {
    expect(read(show(EmptyState, { title: 'No titles', text: 'Send an event.', children: words('curl') }))).toBe('No titles Send an event. curl');
  });

  it('an approximate figure gives its bound; an exact one has no mark', () => {
    expect(find(show(Approx, { error: 0.016 }), '[role=note]').getAttribute('aria-label')).toBe('approximate, standard error 1.6%');
    expect(read(show(Approx, { error: undefined }))).toBe('');
  });
});

describe('pictures of figures', () => {
  it('BarList scales to its largest and filters by a click', () => {
    const onpick = vi.fn();
    const items = [
      { value: 'DE', label: 'Germany', amount: 50, text: '50', exact: '50' },
      { value: 'US', label: 'United States', amount: 200, text: '200', exact: '200' },
    ];
    const root = show(BarList, { label: 'Countries', items, selected: ['US'], onpick });
    expect(all(root, '[style*=width]').map((e) => e.style.width)).toEqual(['25.00%', '100.00%']);
    expect(all(root, '[aria-pressed=true]').map(read)).toEqual(['United States 200']);
    click(button(root, 'Germany'));
    expect(onpick).toHaveBeenCalledWith('DE');
    expect(all(show(BarList, { label: 'Countries', items }), 'button:disabled')).toHaveLength(2);
  });

  it('Interval puts estimate and bounds on the scale, and cuts at its ends', () => {
    const marks = all(show(Interval, { estimate: 0, low: -20, high: 5, min: -10, max: 10, label: 'no difference' }), '[style]');
    expect(marks.map((e) => e.style.left)).toEqual(['50.00%', '0.00%', '50.00%']);
    expect(marks[1]?.style.width).toBe('75.00%');
    expect(all(show(Interval, { estimate: 5, low: 4, high: 6, min: 3, max: 7, label: 'x' }), '.bg-line-strong')).toHaveLength(0);
  });

  it('Matrix says each value with what it is of, and where there is none', () => {
    const onpick = vi.fn();
    const cell = (d: string, a: string) => (d === 'x' ? { text: '3%', heat: a === 'p' ? 1 : 0, about: {} } : undefined);
    const ends = (list: string[]) => list.map((value) => ({ value, label: value.toUpperCase() }));
    const root = show(Matrix, { label: 'ISP by CDN', down: ends(['x', 'y']), across: ends(['p', 'q']), cell, onpick });
    expect(all(root, 'td button').map((b) => b.getAttribute('aria-label'))).toEqual(['X, P: 3%', 'X, Q: 3%']);
    expect(all(root, 'td span').map(read)).toEqual(['–', '–']);
    click(button(root, 'X, Q'));
    expect(onpick).toHaveBeenCalledWith('x', 'q');
  });

  it('Spark leaves gaps as gaps, draws a point alone as a dot, and nothing for none', () => {
    const path = find(show(Spark, { values: [1, 2, null, 4, 5] }), 'path').getAttribute('d') ?? '';
    expect(path.match(/M/g)).toHaveLength(2);
    expect(all(show(Spark, { values: [null, 3, null, 4, 5] }), 'path').map((e) => (e.getAttribute('d') ?? '').match(/M/g)?.length)).toEqual([2, 1]);
    expect(show(Spark, { values: [null, null] }).querySelector('path')).toBeNull();
  });
});

describe('artwork', () => {
  it('a title without a picture is drawn from its name', () => {
    server.titles = new Map();
    expect(read(show(Poster, { id: 'quiet-ferry' }))).toBe('QF');
  });

  it('a title with one shows it, and falls back when it cannot be loaded', async () => {
    server.titles = new Map([['t1', { id: 't1', name: 'Quiet Ferry', hue: 200, creatives: [{ id: 'c1', kind: 'still' }] }]]) as typeof server.titles;
    const root = show(Poster, { id: 't1' });
    find(root, 'img').dispatchEvent(new Event('error'));
    await settle();
    expect(root.querySelector('img')).toBeNull();
    expect(read(root)).toBe('QF');
    expect(find(show(Artwork, { id: 'c1' }), 'img').getAttribute('alt')).toBe('Quiet Ferry · still 1');
    expect(read(show(Artwork, { id: 'gone' }))).toBe('gone');
  });
});

describe('words on hover', () => {
  it('a metric shows its definition by keyboard, Esc takes it away', async () => {
    server.definitions = new Map([['plays', { name: 'plays', title: 'Plays', formula: 'count(first frame)', denominator: 'nothing' }]]) as typeof server.definitions;
    const layer = show(TipLayer, {});
    const name = find(show(MetricName, { metric: 'plays' }), '[tabindex]');
    vi.spyOn(name, 'matches').mockReturnValue(true);
    name.dispatchEvent(new Event('focusin', { bubbles: true }));
    await settle();
    expect(read(find(layer, '[role=tooltip]'))).toContain('count(first frame)');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    await settle();
    expect(layer.querySelector('[role=tooltip]')).toBeNull();
  });
});

describe('copy and dialogs', () => {
  it('says that it copied', async () => {
    const write = vi.fn().mockResolvedValue(undefined);
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: write }, configurable: true });
    const root = show(CopyButton, { text: () => 'secret' });
    click(button(root, 'Copy'));
    await settle();
    expect(write).toHaveBeenCalledWith('secret');
    expect(read(root)).toBe('Copied');
  });

  it('a dialog holds its content only while it is open', () => {
    const opened = show(Dialog, { open: true, label: 'Annotate', children: words('What happened?') });
    expect((find(opened, 'dialog') as HTMLDialogElement).open).toBe(true);
    expect(read(opened)).toBe('What happened?');
    expect(read(show(Dialog, { open: false, label: 'Annotate', children: words('What happened?') }))).toBe('');
  });
});
