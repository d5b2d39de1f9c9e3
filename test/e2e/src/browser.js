// The browser of the tests: Debian's Chromium, or the one that CHROMIUM names.
import { chromium } from 'playwright-core'

// patience, in ms, is for what has no bar of its own: what takes longer hangs.
export const patience = 120_000

export async function launch() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-first-run', '--mute-audio',
    ],
  })
  browser.on('context', context => context.setDefaultTimeout(patience))
  return browser
}

// watch collects what a page complains about: errors in the console, uncaught
// exceptions, requests to elsewhere.
export function watch(page, origin) {
  const complaints = []
  page.on('console', message => { if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`) })
  page.on('pageerror', error => complaints.push(`exception: ${error}`))
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(data|blob|about|mailto):/.test(url)) complaints.push(`request to elsewhere: ${url}`)
  })
  return complaints
}
