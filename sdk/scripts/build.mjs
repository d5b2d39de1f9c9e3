// Builds dist/ from src/: playhead.js for <script src> (and for an import for
// its effect), playhead.mjs for bundlers, and the types. With --check it builds
// aside, compares bytes and tells the size.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const limit = 4000; // bytes of gzip
const check = process.argv.includes('--check');
const out = check ? mkdtempSync(join(tmpdir(), 'playhead-sdk-')) : 'dist';
const files = ['playhead.js', 'playhead.mjs', 'playhead.d.ts'];

try {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const common = {
    bundle: true, minify: true, target: 'es2018', charset: 'utf8', legalComments: 'none', logLevel: 'warning',
    mangleProps: /^(who|picked|leaving)$/, // never leave the bundle
    banner: { js: `/*! Playhead ${version}, Apache-2.0 */` },
  };
  await build({ ...common, entryPoints: ['src/classic.ts'], format: 'iife', outfile: join(out, 'playhead.js') });
  await build({ ...common, entryPoints: ['src/playhead.ts'], format: 'esm', outfile: join(out, 'playhead.mjs') });
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--strict', '--lib', 'es2020,dom', '--outDir', out, 'src/types.ts'], { stdio: 'inherit' });
  if (tsc.status !== 0) throw new Error('the types do not compile');
  const types = readFileSync(join(out, 'types.d.ts'), 'utf8');
  rmSync(join(out, 'types.d.ts'));
  writeFileSync(join(out, 'playhead.d.ts'), `${types}export declare const playhead: Playhead;\ndeclare global {\n    interface Window {\n        playhead: Playhead;\n    }\n}\n`);

  const size = gzipSync(readFileSync(join(out, 'playhead.js')), { level: 9 }).length;
  console.log(`playhead.js: ${size} bytes of gzip, of ${limit}`);
  if (size >= limit) throw new Error('playhead.js is too large');
  if (check) {
    const wrong = files.filter((name) => !readFileSync(join(out, name)).equals(readFileSync(join('dist', name))));
    if (wrong.length > 0) throw new Error(`sdk/dist is not what sdk/src builds. Run "npm run build" and commit sdk/dist: ${wrong.join(', ')}`);
    console.log(`sdk/dist is what sdk/src builds: ${files.length} files, the same bytes.`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (check) rmSync(out, { recursive: true, force: true });
}
