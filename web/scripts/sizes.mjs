// Prints what a first visit of each page loads, script and style, and checks it
// against the budget. A chunk loads what it imports; charts and the map come after
// the numbers but count all the same, for the pages that draw them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 350_000; // bytes, gzip
const dist = process.argv[2] ?? 'dist';
const assets = join(dist, 'assets');

const names = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));
const text = new Map(names.map((name) => [name, readFileSync(join(assets, name), 'utf8')]));
const size = new Map(names.map((name) => [name, gzipSync(text.get(name), { level: 9 }).length]));
const known = (list) => [...new Set(list)].filter((name) => size.has(name));

/** Chunks that a chunk imports before it runs. */
const imports = (name) => known([...text.get(name).matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+)["'`]/g)].map((m) => m[1]));
/** Chunks that a chunk may load later: "import('./x.js')". */
const later = (name) => known([...text.get(name).matchAll(/import\(\s*["'`]\.\/([\w.-]+)["'`]\s*\)/g)].map((m) => m[1]));

function closure(starts, follow) {
  const seen = new Set();
  const walk = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const next of follow(name)) walk(next);
  };
  starts.forEach(walk);
  return seen;
}

const entry = known([...readFileSync(join(dist, 'index.html'), 'utf8').matchAll(/assets\/([\w.-]+)/g)].map((m) => m[1]));
const pages = names.filter((name) => /^\w+Page-.*\.js$/.test(name)).sort();
// The style of a page's chunk carries its name or that of a chunk it loads.
const styles = (chunks) => names.filter((name) => name.endsWith('.css') && [...chunks].some((c) => c.endsWith('.js') && c.split('-')[0] === name.split('-')[0]));

let worst = 0;
for (const page of pages) {
  const chunks = closure([...entry, page], (name) => (name.endsWith('.js') ? [...imports(name), ...(name.startsWith('index-') ? [] : later(name))] : []));
  for (const style of styles(chunks)) chunks.add(style);
  const bytes = [...chunks].reduce((sum, name) => sum + size.get(name), 0);
  worst = Math.max(worst, bytes);
  console.log(`${String(bytes).padStart(8)}  ${page.split('-')[0]}: ${chunks.size} files, gzip`);
}
console.log(`${String(worst).padStart(8)}  the largest first load, script and style, gzip (budget ${BUDGET})`);
if (worst > BUDGET) process.exit(1);
