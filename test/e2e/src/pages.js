// The dashboard's pages and the forms in which each is looked at.
export const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } }
export const schemes = ['dark', 'light']

// viewer is the pseudonym of somebody who has played; left out, the page asks for one.
export const pages = (title, viewer = '') => [
  { name: 'home', path: '/' },
  { name: 'live', path: '/live' },
  { name: 'quality', path: '/quality' },
  { name: 'titles', path: '/titles' },
  { name: 'title', path: `/titles/${encodeURIComponent(title)}` },
  { name: 'explore', path: '/explore?m=plays,rebuffering_ratio&by=device_type' },
  { name: 'creatives', path: '/creatives' },
  { name: 'audiences', path: `/audiences?title=${encodeURIComponent(title)}` },
  { name: 'trends', path: '/trends' },
  { name: 'report', path: `/titles/${encodeURIComponent(title)}/report` },
  { name: 'viewers', path: viewer ? `/viewers?viewer=${viewer}` : '/viewers' },
  { name: 'pipeline', path: '/pipeline' },
  { name: 'settings', path: '/settings' },
  { name: 'events', path: '/events' },
  { name: 'player', path: '/demo/player' },
]

// visitAll opens every page in every form and calls look({ page, name, size, scheme }).
export async function visitAll(browser, origin, title, settleMs, look, viewer) {
  for (const scheme of schemes) {
    for (const [size, viewport] of Object.entries(sizes)) {
      // Still: what moves has colours that are neither the one's nor the other's.
      const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce' })
      for (const { name, path } of pages(title, viewer)) {
        const page = await context.newPage()
        await look({ page, name, size, scheme, open: () => page.goto(origin + path).then(() => page.waitForTimeout(settleMs)) })
        await page.close()
      }
      await context.close()
    }
  }
}
