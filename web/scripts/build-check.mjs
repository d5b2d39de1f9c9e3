// Proves that dist/ is what these sources build: builds aside and compares bytes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const out = mkdtempSync(join(tmpdir(), 'playhead-web-'));
try {
  execFileSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--outDir', out, '--emptyOutDir', '--logLevel', 'warn'], { stdio: 'inherit' });
  const wanted = list(out);
  const found = list('dist');
  const wrong = [...new Set([...wanted.keys(), ...found.keys()])].sort().filter((name) => !wanted.get(name)?.equals(found.get(name) ?? Buffer.alloc(0)));
  if (wrong.length > 0) {
    console.error(`web/dist is not what web/src builds. Run "npm run build" and commit web/dist.\n  ${wrong.join('\n  ')}`);
    process.exitCode = 1;
  } else {
    console.log(`web/dist is what web/src builds: ${wanted.size} files, the same bytes.`);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}

function list(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => [relative(root, join(entry.parentPath, entry.name)), readFileSync(join(entry.parentPath, entry.name))]));
}
