import { dirname } from 'node:path';
import type { SweepPlace } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { stopJobsOf } from '../host/jobs-of.ts';
import { run, type CommandResult } from '../host/run.ts';
import { markerFile, readMarker, type Marker } from './marker.ts';
import { removeMarked, stopServers } from './scripts.ts';
import type { Leftover, SweepContext, Sweeper } from './sweeper.ts';

type Folder = SweepPlace['folders'][number];
interface Copy extends Leftover {
  readonly folder: Folder;
  readonly directory: string;
  readonly marker: Marker;
}

/** Directories on hosts that bear the marker of a rehearsal, with the servers that run in them. What has no marker is not touched. */
export const hostSweeper: Sweeper = {
  find: async (context) => {
    const seen = new Map<string, Leftover>();
    for (const { folder: _, directory: __, marker: ___, ...one } of await copies(context)) seen.set(one.name, one);
    return [...seen.values()];
  },

  async remove(doomed, context) {
    const there = await copies(context);
    for (const one of doomed) {
      // Another rehearsal may lie in the same place by now.
      const copy = there.find(({ name, run: by, startedAt }) => name === one.name && by === one.run && startedAt === one.startedAt);
      if (copy !== undefined) await takeAway(copy, context);
    }
  },
};

async function copies(context: SweepContext): Promise<readonly Copy[]> {
  const found = await Promise.all(context.place.folders.map((folder) => copiesIn(folder, context)));
  return found.flat();
}

async function copiesIn(folder: Folder, context: SweepContext): Promise<readonly Copy[]> {
  const { host, root } = folder;
  const names = ['(', '-name', markerFile, '-o', '-name', `${markerFile}.new`, ')'];
  const listed = await command(folder, ['find', '-H', root, '-mindepth', '2', '-maxdepth', '2', '-type', 'f', ...names], context);
  // What this user may not enter is another's: the place is listed for that one too.
  const silent = listed.stderr.split('\n').every((line) => /^\s*$|Permission denied|No such file/.test(line));
  if (listed.code !== 0 && !silent) throw refused(folder, 'look for copies', listed);
  const found: Copy[] = [];
  for (const directory of new Set(listed.stdout.split('\n').filter(Boolean).map(dirname))) {
    const marker = await markerIn(folder, directory, context);
    if (marker?.system !== context.system.name) continue;
    const { run: by, startedAt, expires } = marker;
    const name = `${host.copyOf ?? host.name}:${directory}`;
    found.push({ site: context.site, kind: 'copy', name, run: by, startedAt, expires, folder, directory, marker });
  }
  return found;
}

/** One that was not yet in its place when its writer died counts too. */
async function markerIn(folder: Folder, directory: string, context: SweepContext): Promise<Marker | undefined> {
  for (const name of [markerFile, `${markerFile}.new`]) {
    const { stdout } = await command(folder, ['cat', '--', `${directory}/${name}`], context);
    const marker = readMarker(stdout);
    if (marker !== undefined) return marker;
  }
  return undefined;
}

async function takeAway({ folder, directory, marker }: Copy, context: SweepContext): Promise<void> {
  await context.stillOurs();
  await stopJobsOf(folder.host, marker.key, context);
  await context.stillOurs();
  await command(folder, ['sh', '-c', stopServers, 'lifeboat', directory], context, 60_000);
  await context.stillOurs();
  const removed = await command(folder, ['sh', '-c', removeMarked, 'lifeboat', directory, markerFile], context, 600_000);
  if (removed.code !== 0) throw refused(folder, `remove ${directory}`, removed);
}

function command({ host, user }: Folder, argv: readonly string[], context: SweepContext, deadline = 10_000): Promise<CommandResult> {
  const { signal, viewpoint } = context;
  return run(host, argv, { deadline, signal, viewpoint, ...(user === undefined ? {} : { as: user }) });
}

function refused({ host, user }: Folder, what: string, { code, stderr }: CommandResult): StepError {
  const who = user ?? 'The user';
  return new StepError(
    'not-swept',
    `${who} on ${host.name} could not ${what} (exit code ${code}): ${stderr.trim().slice(0, 300)}`,
    'later',
  );
}
