// Names the files of which a page was built, each with its SHA-256, as `sha256sum --check` reads them.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const sources = async (folder) => {
  const inside = (await readdir(join(folder, 'src'))).map((name) => `src/${name}`);
  const names = [...inside, 'build.mjs', 'package-lock.json'].sort();
  const lines = names.map(async (name) => {
    const hash = createHash('sha256').update(await readFile(join(folder, name)));
    return `${hash.digest('hex')}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
};
