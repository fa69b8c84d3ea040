import { appendFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, bundleWorkflowCode } from '@temporalio/worker';
import type { Play, Stage } from './stage.ts';

/**
 * A worker in a process of its own, which a test can kill: `player.ts ADDRESS SYSTEM FILE`. It plays 40 items in four child runs. What an
 * item has done stands in FILE, a line for each effect: the key of run and step. Prints `ready`.
 */
const [address = '', system = '', file = ''] = process.argv.slice(2);

export const items = Array.from({ length: 40 }, (_, n) => `i-${n + 1}`);

if (process.argv[1] === fileURLToPath(import.meta.url)) void act();

async function act(): Promise<void> {
  // The stage takes itself down after the tests of a process; this one has none.
  Object.assign(globalThis, { after: () => undefined });
  const { cast } = await import('./stage.ts');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [nativeConnection, bundle] = await Promise.all([
    NativeConnection.connect({ address }),
    bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
  ]);
  const worker = await cast({ env: { nativeConnection }, bundle } as unknown as Stage, await crowd());
  await worker.run(async () => {
    process.stdout.write('ready\n');
    await new Promise(() => undefined);
  });
}

async function crowd(): Promise<Play> {
  const [{ step }, { Troupe }] = await Promise.all([import('./stage.ts'), import('./troupe.ts')]);
  const troupe = new Troupe();
  const play: Play = {
    steps: [troupe.wave('many', items, { most: 10 }), step('promote', ['many'], { promotes: true })],
    header: { sites: { 'site-a': { kind: 'physical', steps: 4 }, 'site-b': { kind: 'physical', steps: 4 } } },
    script: {
      't.item.execute': async ({ run, step: { id } }) => {
        const key = `${run.origin} ${id}`;
        const done = await readFile(file, 'utf8').catch(() => '');
        if (!done.split('\n').includes(key)) await appendFile(file, `${key}\n`);
        await new Promise((resolve) => setTimeout(resolve, 150));
        return { outputs: { id } };
      },
      't.go.execute': () => undefined,
    },
  };
  return { ...play, run: { ...troupe.activities, ...troupe.compiled(play, system) } };
}
