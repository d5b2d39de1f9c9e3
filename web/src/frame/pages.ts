// The code of each page: loaded when it is opened, or a little before.

import type { Component } from 'svelte';
import { idly } from '$lib/state/idle';
import { parseRoute, type Route } from '$lib/state/router.svelte';

type Page = Route['page'];

const PAGES: Record<Page, () => Promise<{ default: Component }>> = {
  home: () => import('../pages/home/HomePage.svelte'),
  live: () => import('../pages/live/LivePage.svelte'),
  pipeline: () => import('../pages/pipeline/PipelinePage.svelte'),
  settings: () => import('../pages/settings/SettingsPage.svelte'),
  quality: () => import('../pages/quality/QualityPage.svelte'),
  titles: () => import('../pages/titles/TitlesPage.svelte'),
  title: () => import('../pages/title/TitlePage.svelte'),
  report: () => import('../pages/report/ReportPage.svelte'),
  creatives: () => import('../pages/creatives/CreativesPage.svelte'),
  audiences: () => import('../pages/audiences/AudiencesPage.svelte'),
  trends: () => import('../pages/trends/TrendsPage.svelte'),
  explore: () => import('../pages/explore/ExplorePage.svelte'),
  viewers: () => import('../pages/viewers/ViewersPage.svelte'),
  events: () => import('../pages/events/EventsPage.svelte'),
  signin: () => import('../pages/signin/SignInPage.svelte'),
  missing: () => import('../pages/MissingPage.svelte'),
};

/** Pages that are there already. */
const loaded = new Map<Page, Component>();

/** The page, at once when its code is there. */
export function pageOf(page: Page): Component | Promise<Component> {
  return loaded.get(page) ?? PAGES[page]().then((module) => (loaded.set(page, module.default), module.default));
}

/** Loads what a page needs before it is asked for; that it fails is told when it is. */
function fetchCode(page: Page): void {
  void Promise.resolve(pageOf(page)).catch(() => {});
  if (page !== 'signin' && page !== 'missing') void import('$lib/chart/echarts').catch(() => {});
}

/** How long a first page has for itself, ms. */
const FIRST = 4000;

/**
 * Loads the code of a page when a link to it is pointed at or focused, and those
 * of the rail one by one when there is nothing else to do, unless the reader
 * saves data. Returns what ends it.
 */
export function preload(rail: readonly Page[]): () => void {
  const ahead = (event: Event): void => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (link instanceof HTMLAnchorElement && link.origin === location.origin) fetchCode(parseRoute(link.pathname).page);
  };
  const events = ['pointerover', 'focusin', 'pointerdown'];
  for (const name of events) document.addEventListener(name, ahead);
  let ends: (() => void)[] = [];
  const saves = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
  const timer = saves ? undefined : setTimeout(() => (ends = rail.map((page) => idly(() => fetchCode(page), 2000))), FIRST);
  return () => {
    for (const name of events) document.removeEventListener(name, ahead);
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
