// Pictures of every page, to be looked at: node dev/shots.mjs --url URL --out DIR [--only live,titles]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const url = option('url', 'http://127.0.0.1:8080');
const out = option('out', 'shots');
const only = option('only', '').split(',').filter(Boolean);
const title = option('title', 't001');
const PAGES = { live: '/live', titles: '/titles', title: `/titles/${title}`, events: '/events', signin: '/signin' };
const SIZES = { wide: [1440, 900], narrow: [390, 844] };

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
for (const scheme of option('schemes', 'dark,light').split(',')) {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    if (option('size', size) !== size) continue;
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    for (const [name, path] of Object.entries(PAGES)) {
      if (only.length && !only.includes(name)) continue;
      const page = await context.newPage();
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(`${name} ${scheme} ${size}: ${m.text()}`));
      page.on('pageerror', (e) => console.log(`${name} ${scheme} ${size}: ${e.stack}`));
      page.on('request', (r) => !r.url().startsWith(url) && !/^(data|blob):/.test(r.url()) && console.log(`outside: ${r.url()}`));
      await page.goto(url + path + option('query', ''));
      await page.waitForTimeout(Number(option('wait', '2500')));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) console.log(`${name} ${scheme} ${size}: scrolls sideways, ${wide} px`);
      await page.screenshot({ path: join(out, `${name}-${size}-${scheme}.png`), fullPage: name !== 'titles' && option('full', 'yes') === 'yes' });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
