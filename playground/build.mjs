// Builds gateway/static/playground from the packages pinned in package-lock.json; the same input gives the same bytes.
import { build } from 'esbuild';
import { gzipSync } from 'fflate';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { licences } from './licences.mjs';
import { sources } from './sources.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = join(here, '../gateway/static/playground');
const ceiling = 3_000_000; // What the repository gives to the playground.

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: 'out', // Names only: nothing is written there.
  target: 'es2022',
  // GraphiQL asks for prettier's parsers by an older name, which leads to a file whose exports a bundle cannot see:
  // "prettify" would do nothing.
  alias: { 'prettier/parser-babel': 'prettier/plugins/babel', 'prettier/parser-graphql': 'prettier/plugins/graphql' },
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none', // LICENSES.txt holds them whole.
  logLevel: 'warning',
};

const workers = await build({
  ...shared,
  format: 'iife',
  entryNames: '[name]-[hash]',
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
const workerNames = Object.fromEntries(
  workers.outputFiles.map((file) => [basename(file.path).split('.')[0], `./${basename(file.path)}`]),
);

const leanEditor = {
  name: 'lean-editor',
  setup: (bundle) => bundle.onResolve({ filter: /\/edcore\.main(\.js)?$/ }, () => ({ path: join(here, 'src/editor.js') })),
};

const page = await build({
  ...shared,
  format: 'esm',
  splitting: true,
  jsx: 'automatic',
  plugins: [leanEditor],
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  entryPoints: ['src/page.jsx'],
  publicPath: '/playground',
  loader: { '.ttf': 'file', '.svg': 'file' },
  define: { ...shared.define, WORKERS: JSON.stringify(workerNames) },
});

// The page's style sheet holds every rule; those beside the chunks repeat it, and nothing loads them.
const repeats = (name) => name.endsWith('.css') && !name.startsWith('page-');
const files = [...workers.outputFiles, ...page.outputFiles]
  .map((file) => [basename(file.path), file.contents])
  .filter(([name]) => !repeats(name));
const named = (start, end) => files.map(([name]) => name).find((name) => name.startsWith(start) && name.endsWith(end));

// The compressor is a pinned package as well: Node's own zlib changes its output from release to release.
const compressed = files.map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes, { level: 9, mtime: 0 })]);
const html = (await readFile(join(here, 'src/page.html'), 'utf8'))
  .replace('@icon@', named('icon-', '.svg'))
  .replace('@style@', named('page-', '.css'))
  .replace('@script@', named('page-', '.js'));
const output = [
  ...compressed,
  ['page.html', html],
  ['SOURCES.sha256', await sources(here)],
  ['LICENSES.txt', await licences(here, 'playground', [workers.metafile, page.metafile])],
];

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
for (const [name, content] of output) await writeFile(join(target, name), content);

const total = output.reduce((sum, [, content]) => sum + Buffer.byteLength(content), 0);
console.log(`${output.length} files, ${total} bytes of at most ${ceiling}`);
if (total > ceiling) throw new Error(`The playground is ${total - ceiling} bytes over its ceiling; drop a feature.`);
