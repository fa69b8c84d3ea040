import { createInterface } from 'node:readline/promises';
import { knownAttributes, registerAttributes } from '../../worker/attributes.ts';
import { explain, type Temporal } from '../connect.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { note, paint, plain, say, sayJson, table } from '../print.ts';
import { compare, type Change, type Left, type Pair } from './changes.ts';
import { known, ownedBy } from './known.ts';
import { optionsOf, scheduleId, type Options } from './options.ts';
import type { Table } from './read.ts';

/** Makes the schedules in Temporal equal to the file: shows the difference, asks, and changes only what it owns. */
export async function apply(temporal: Temporal, file: Table, { yes, json }: { yes: boolean; json: boolean }): Promise<number> {
  const attributes = await attributesOf(temporal);
  const pairs = await Promise.all(
    file.entries.map(async (entry): Promise<Pair> => ({
      entry,
      wanted: optionsOf(entry, file.owner, attributes),
      known: await known(temporal, entry.name),
    })),
  );
  const { changes, left } = compare(file, pairs, await beside(temporal, file));
  if (!json) show(changes, left);
  if (changes.length > 0 && !yes && !(await agreed())) throw new Failure(exit.refused, 'Nothing was changed.');
  for (const change of changes) {
    const wanted = pairs.find(({ entry }) => entry.name === change.name)?.wanted;
    await carryOut(temporal, change, wanted).catch((error: unknown) => {
      throw explain(error, `${change.how} of the schedule ${change.name}`, temporal.address);
    });
  }
  if (json) sayJson({ owner: file.owner, changes, left });
  else if (changes.length > 0)
    say(`${changes.length} ${changes.length === 1 ? 'change was' : 'changes were'} made. When they run: lifeboat schedules next`);
  return exit.done;
}

/** Those of our search attributes that the server knows, once what is missing was asked for. */
async function attributesOf({ connection, namespace, within, address }: Temporal): Promise<readonly string[]> {
  return await within(5_000, async () => {
    await registerAttributes(connection, namespace);
    return await knownAttributes(connection, namespace);
  }).catch((error: unknown) => {
    throw explain(error, 'reading its search attributes', address);
  });
}

/** What the owner has in Temporal beside the file. */
async function beside(temporal: Temporal, { owner, entries }: Table) {
  const names = (await ownedBy(temporal, owner)).filter((name) => !entries.some((entry) => entry.name === name));
  return (await Promise.all(names.map((name) => known(temporal, name)))).filter((one) => one !== null);
}

function show(changes: readonly Change[], left: readonly Left[]): void {
  for (const { name, why } of left) note(`${paint('yellow', 'left', process.stderr)}  ${plain(name)} ${plain(why)}`);
  if (changes.length === 0) return say('Temporal has the schedules of the file: there is nothing to do.');
  const colours = { create: 'green', change: 'yellow', remove: 'red', pause: 'yellow', resume: 'green' } as const;
  for (const row of table(changes.map(({ how, name, text }) => [paint(colours[how], how.padEnd(6)), plain(name), plain(text)]))) say(row);
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Failure(exit.usage, 'There is no terminal on which to ask whether to go on.', 'Add --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await terminal.question('Make these changes? (y/N) ')).trim());
  } finally {
    terminal.close();
  }
}

async function carryOut(temporal: Temporal, { name, how }: Change, wanted: Options | undefined): Promise<void> {
  const { schedule } = temporal.client;
  const handle = schedule.getHandle(scheduleId(name));
  await temporal.within<unknown>(5_000, () => {
    if (how === 'remove') return handle.delete();
    if (how === 'resume') return handle.unpause('schedules.yaml pauses it no more');
    const { memo, scheduleId: id, state, ...options } = wanted!;
    if (how === 'pause') return handle.pause(state.note);
    if (how === 'create') return schedule.create({ ...options, scheduleId: id, memo, state });
    return handle.update((before) => ({ ...options, state: before.state }));
  });
}
