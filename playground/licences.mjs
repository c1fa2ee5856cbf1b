// What do the licences of bundled packages ask to be told? Shared by the playground and the tests' panel.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

// The licences of the packages in `folder` that went into the bundles, as one text; `name` is what they make.
export async function licences(folder, name, metafiles) {
  const inputs = metafiles.flatMap((meta) => Object.values(meta.outputs).flatMap((out) => Object.keys(out.inputs)));
  const packages = inputs.map((input) => input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]);
  const bundled = [...new Set(packages.filter(Boolean))];
  const notices = await Promise.all(bundled.map((one) => notice(join(folder, one))));
  return `The ${name} is made of these packages.\n\n${[...new Set(notices)].sort().join('\n')}`;
}

async function notice(folder) {
  const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (!about.license) throw new Error(`${about.name} ${about.version} names no licence; find out before shipping it.`);
  const isNotice = (name) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(name) && !name.endsWith('.js');
  const names = (await readdir(folder)).filter(isNotice).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const body = texts.length ? texts.join('\n\n') : await withoutFile(about);
  return `${'='.repeat(80)}\n${about.name} ${about.version}: ${about.license}\n\n${body.replaceAll('\r\n', '\n').trim()}\n`;
}

// Some packages name their licence and leave its text out; MIT asks that the text go along.
async function withoutFile(about) {
  if (about.license !== 'MIT') throw new Error(`${about.name} ships no text of its licence ${about.license}; add it here.`);
  const author = about.author?.name ?? about.author ?? `the authors of ${about.name}`;
  return `Copyright (c) ${author}\n\n${await readFile(new URL('src/MIT.txt', import.meta.url), 'utf8')}`;
}
