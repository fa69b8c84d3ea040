import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Part of the build: bundles the workflows once, so that a worker starts without doing it. Does nothing where nothing changed. */
const folder = fileURLToPath(new URL('../workflows/', import.meta.url));
const out = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const mark = `${out}.sources`;

const sources = createHash('sha256');
for (const name of (await readdir(folder)).filter((file) => file.endsWith('.js')).toSorted())
  sources.update(name).update(await readFile(`${folder}${name}`));
sources.update(await readFile(fileURLToPath(import.meta.resolve('@temporalio/worker/package.json'))));
const digest = sources.digest('hex');

if ((await readFile(mark, 'utf8').catch(() => '')) !== digest) {
  const { bundle } = await import('./bundle.ts');
  await writeFile(out, (await bundle()).code);
  await writeFile(mark, digest);
}
