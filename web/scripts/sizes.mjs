// Prints the size of every built file and checks what a first visit loads.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 350_000; // bytes of gzipped script and style for the live page
const dist = process.argv[2] ?? 'dist';

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const gzip = (file) => gzipSync(readFileSync(file), { level: 9 }).length;

let first = 0;
for (const file of files) {
  const name = relative(dist, file);
  const code = /\.(js|css)$/.test(name);
  const packed = code ? gzip(file) : statSync(file).size;
  // What other pages alone need is not part of the first visit.
  const later = /(TitlesPage|TitlePage|EventsPage|SignInPage|MissingPage)/.test(name);
  if (code && !later) first += packed;
  if (!/\.woff2$/.test(name)) console.log(`${String(packed).padStart(8)}  ${name}${code ? ' (gzip)' : ''}`);
}
console.log(`${String(first).padStart(8)}  first load of the live page, script and style, gzip (budget ${BUDGET})`);
if (first > BUDGET) process.exit(1);
