// Walks through the pages as a reader would, against fixtures of its own, and
// fails when something does not do what it says: node dev/check.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { strict as assert } from 'node:assert';
import { chromium } from 'playwright-core';

const children = [];

/** Starts a fixture on a free port and returns its address. */
async function fixture(mode) {
  const child = spawn(process.execPath, ['dev/fixture.mjs', '--mode', mode, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return String(line).trim().split(' ').at(-1);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const [base, locked, fresh] = await Promise.all(['normal', 'auth', 'empty'].map(fixture));
let failed = 0;
let passed = 0;

async function check(name, run, origin = base) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', acceptDownloads: true });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (m) => m.type() === 'error' && !/status of (401|404)/.test(m.text()) && problems.push(m.text()));
  page.on('request', (r) => !r.url().startsWith(origin) && !/^(data|blob):/.test(r.url()) && problems.push(`outside: ${r.url()}`));
  try {
    await run(page, origin);
    assert.deepEqual(problems, []);
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${error.message}`);
  } finally {
    await context.close();
  }
}

/** What takes longer, ms, hangs: a machine may have much else to do. */
const PATIENCE = 120_000;

/** Tries until it holds. */
async function until(holds) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  assert.fail(`did not come to hold in ${PATIENCE / 1000} s`);
}

const search = (page) => new URL(page.url()).searchParams;

try {
  await check('the number moves without a reload', async (page) => {
    await page.goto(`${base}/live`);
    const number = page.locator('.text-44');
    await number.waitFor();
    await page.waitForFunction(() => /\d/.test(document.querySelector('.text-44')?.textContent ?? ''));
    const seen = new Set();
    for (let i = 0; i < 8; i++) {
      seen.add(await number.textContent());
      await page.waitForTimeout(400);
    }
    assert.ok(seen.size > 1, `always ${[...seen]}`);
  });

  await check('keys: / searches, Enter opens, g t, ?, Esc', async (page) => {
    await page.goto(`${base}/live`);
    await page.locator('ol li').first().waitFor();
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search titles, countries, devices' }).waitFor();
    await page.keyboard.type('quiet fer');
    await page.getByRole('listbox', { name: 'Results' }).getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/titles\/t\d+/);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/\/titles$/);
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'How to read Playhead' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'How to read Playhead' }).waitFor({ state: 'detached' });
  });

  await check('a country on the map filters, travels, and Esc clears it', async (page) => {
    await page.goto(`${base}/live`);
    await page.locator('[data-code="BR"]').click();
    assert.deepEqual(search(page).getAll('country'), ['BR']);
    await page.getByRole('button', { name: 'Remove the filter Country Brazil' }).waitFor();
    await page.locator('nav a[aria-label="Titles"]').click();
    await page.waitForURL(/\/titles\?country=BR/);
    await page.locator('[role="row"]').nth(3).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(search(page).get('country'), null);
    await page.goBack();
    assert.deepEqual(search(page).getAll('country'), ['BR']);
  });

  await check('a click on a header sorts; arrows move; Enter opens', async (page) => {
    await page.goto(`${base}/titles`);
    await page.getByRole('button', { name: 'Rebuffering' }).click();
    assert.equal(search(page).get('sort'), 'rebuffering_ratio');
    assert.equal(await page.locator('[aria-sort="descending"]').count(), 1);
    await page.locator('a[data-row]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const wanted = await page.locator('a[data-row]').nth(2).getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === wanted?.split('?')[0]);
  });

  await check('a drag zooms, a double click goes back', async (page) => {
    await page.goto(`${base}/live`);
    const chart = page.locator('canvas').first();
    await chart.waitFor();
    const box = await chart.boundingBox();
    // The chart draws when its code and its data are there: drag until it answers.
    await until(async () => {
      await page.mouse.move(box.x + 300, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + 500, box.y + 60, { steps: 4 });
      await page.mouse.up();
      return search(page).get('range') === 'custom';
    });
    await until(async () => {
      await page.mouse.dblclick(box.x + 300, box.y + 60);
      return !search(page).has('range');
    });
  });

  await check('a chart is a table and a file too', async (page) => {
    await page.goto(`${base}/titles/t001`);
    const menu = page.getByRole('button', { name: 'How far plays go: table and downloads' });
    await menu.click();
    await page.getByRole('button', { name: 'As table' }).click();
    await page.getByRole('columnheader', { name: 'reached' }).waitFor();
    await menu.click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
    assert.equal(download.suggestedFilename(), 'playhead-how-far-plays-go.csv');
    await menu.click();
    await page.getByRole('button', { name: 'As chart' }).click();
    await page.locator('canvas').first().waitFor();
    await menu.click();
    const [picture] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download PNG' }).click()]);
    assert.equal(picture.suggestedFilename(), 'playhead-how-far-plays-go.png');
  });

  await check('the map is a file too', async (page) => {
    await page.goto(`${base}/live`);
    await page.locator('[data-code="BR"]').waitFor();
    const menu = page.getByRole('button', { name: 'Where they are watching: table and downloads' });
    await menu.click();
    const [picture] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download PNG' }).click()]);
    assert.equal(picture.suggestedFilename(), 'playhead-where-they-are-watching.png');
    const bytes = await readFile(await picture.path());
    assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from('PNG')]);
    assert.ok(bytes.length > 20_000, `a world in ${bytes.length} bytes`);
  });

  await check('every figure says what it means, on hover and by keyboard', async (page) => {
    await page.goto(`${base}/live`);
    const name = page.getByRole('region', { name: 'Quality of experience' }).getByText('Rebuffering', { exact: true });
    // What loads late may move it away from under the pointer: point again.
    await until(async () => {
      await page.mouse.move(5, 5);
      await name.hover();
      await page.waitForTimeout(300);
      return (await page.getByRole('tooltip').count()) === 1;
    });
    await page.getByRole('tooltip').getByText('Σ stall time / Σ watched time').waitFor();
    await page.mouse.move(5, 5);
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
    await page.keyboard.press('Tab');
    for (let i = 0; i < 25 && (await page.getByRole('tooltip').count()) === 0; i++) await page.keyboard.press('Tab');
    assert.equal(await page.getByRole('tooltip').count(), 1);
  });

  await check('the theme is chosen and kept', async (page) => {
    await page.goto(`${base}/live`);
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
  });

  await check('the debugger pauses, filters and shows both sides', async (page) => {
    await page.goto(`${base}/events`);
    await page.getByRole('option').nth(5).waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    const before = await page.getByRole('option').first().getAttribute('id');
    await page.waitForTimeout(900);
    assert.equal(await page.getByRole('option').first().getAttribute('id'), before);
    await page.locator('[role="option"]:has(.bg-good)').first().click(); // an accepted one: of a rejected one nothing became
    await page.getByText('As it came').waitFor();
    await page.getByText('What it became').waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Rejected', exact: true }).click();
    assert.equal(search(page).get('fate'), 'rejected');
    await page.waitForTimeout(2500);
    assert.equal(await page.locator('[role="option"] .bg-good').count(), 0);
  });

  await check(
    'without a session: sign in, and back to where one wanted to go',
    async (page, origin) => {
      await page.goto(`${origin}/titles?range=24h`);
      await page.waitForURL(/\/signin\?next=/);
      await page.getByPlaceholder('Paste the token').fill('wrong');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('not known here').waitFor();
      await page.getByPlaceholder('Paste the token').fill('secret');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(/\/titles\?range=24h/);
      await page.locator('a[data-row]').first().waitFor();
    },
    locked,
  );

  await check(
    'a fresh server says the one next step',
    async (page, origin) => {
      await page.goto(`${origin}/`);
      await page.getByText('Waiting for your first event').waitFor();
      await page.getByRole('link', { name: 'Events' }).last().click();
      await page.waitForURL(/\/events/);
      await page.getByText('Waiting for your first event').waitFor();
    },
    fresh,
  );
} finally {
  await browser.close();
  for (const child of children) child.kill();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
