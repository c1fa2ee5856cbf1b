// Builds tests/panel/built from the packages pinned in package-lock.json; the same input gives the same bytes.
import { build } from 'esbuild';
import { gzipSync } from 'fflate';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { licences } from '../../playground/licences.mjs';
import { sources } from '../../playground/sources.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = join(here, 'built');
const ceiling = 250_000; // What the repository gives to a page of its tests.

const page = await build({
  absWorkingDir: here,
  entryPoints: ['src/panel.jsx'],
  outdir: 'out', // Names only: nothing is written there.
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  // Apollo Client as a developer runs it, for only then it says in the console what it does not like about a schema.
  conditions: ['development'],
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none', // LICENSES.txt holds them whole.
  logLevel: 'warning',
});
const script = gzipSync(page.outputFiles[0].contents, { level: 9, mtime: 0 });

await rm(target, { recursive: true, force: true });
await mkdir(target);
await copyFile(join(here, 'src/panel.html'), join(target, 'panel.html'));
await writeFile(join(target, 'panel.js.gz'), script);
await writeFile(join(target, 'SOURCES.sha256'), await sources(here));
await writeFile(join(target, 'LICENSES.txt'), await licences(here, 'panel', [page.metafile]));

console.log(`${script.length} bytes of at most ${ceiling}`);
if (script.length > ceiling) throw new Error(`The panel is ${script.length - ceiling} bytes over its ceiling.`);
