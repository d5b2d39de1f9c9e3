// Makes src/lib/api/schema.ts from the API's OpenAPI document. With --check it
// only says whether that file is what the API of these sources is.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const FILE = 'src/lib/api/schema.ts';
const HEAD = '// Made from the API by `npm run types`. Do not edit.\n\n';

const document = execFileSync('go', ['run', './tools/openapi'], { cwd: '..', encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });
const made = HEAD + astToString(await openapiTS(JSON.parse(document)));
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== made) {
    console.error(`${FILE} is not what the API is. Run "npm run types" and commit it.`);
    process.exit(1);
  }
  console.log(`${FILE} is what the API is.`);
} else {
  writeFileSync(FILE, made);
  console.log(FILE);
}
