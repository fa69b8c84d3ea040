import { StepError } from '../activities/error.ts';
import { types } from '../activities/index.ts';
import { ChoiceError } from '../plan/choose.ts';
import type { CompileInput } from '../plan/compile.ts';
import { systemFacts, waysOf } from '../plan/facts.ts';
import { loadFolder, type InventoryFile } from '../plan/load.ts';
import type { Kind } from '../plan/plan.ts';
import { printProblem } from '../plan/problem.ts';
import type { Direction } from '../plan/scope.ts';
import { siteRunbook } from '../plan/site.ts';
import { courseOf } from '../worker/run/site-course.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { plain } from './print.ts';
import { directionOf } from './source.ts';
import { didYouMean } from './suggest.ts';

const kinds: readonly string[] = ['failover', 'failback', 'backup'];

/** Systems that are asked about at once. */
const width = 20;

/** What a run of a whole site is compiled from. `from`: taken to serve every system, without asking the world. */
export async function ofSite(
  folder: string,
  site: string,
  kind: string,
  from: string | undefined,
): Promise<{ input: CompileInput; evidence: readonly string[] }> {
  if (!kinds.includes(kind))
    throw usage(`There is no ${plain(kind)} of a whole site.${didYouMean(kind, kinds)}`, `There are: ${kinds.join(', ')}.`);
  const { inventory, runbooks, problems } = await loadFolder(folder);
  if (inventory === undefined)
    throw new Failure(
      exit.otherwise,
      `The inventory in ${folder} cannot be used.\n${problems.map(printProblem).join('\n')}`,
      'Mend it, or name another folder with --runbooks.',
    );
  const sites = Object.keys(inventory.data.sites);
  for (const name of [site, ...(from === undefined ? [] : [from])])
    if (!sites.includes(name))
      throw usage(`There is no site "${plain(name)}" in ${folder}.${didYouMean(name, sites)}`, `There are: ${sites.join(', ')}.`);
  const { directions, unknown } = await everyDirection(inventory, from);
  try {
    const { course, evidence } = courseOf(site, kind, directions, unknown);
    const { source, target } = course;
    const { runbook, notes } = siteRunbook({ site, kind: kind as Kind, inventory, runbooks, directions, unknown });
    return { input: { runbook, runbooks, inventory, types, source, target, directions, whole: site, notes }, evidence };
  } catch (error) {
    if (error instanceof ChoiceError || error instanceof StepError)
      throw new Failure(exit.otherwise, error.message, 'See: lifeboat check, lifeboat status');
    throw error;
  }
}

async function everyDirection(
  inventory: InventoryFile,
  from: string | undefined,
): Promise<{ directions: Map<string, Direction>; unknown: Map<string, string> }> {
  const directions = new Map<string, Direction>();
  const unknown = new Map<string, string>();
  const names = Object.keys(inventory.data.systems);
  const one = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const system = systemFacts(inventory.data, name)!;
      const way = waysOf(system).find(([source]) => source === from);
      if (from !== undefined) {
        if (way) directions.set(name, { source: way[0], target: way[1] });
        continue;
      }
      const found = await directionOf(inventory, name).catch((error: Error) => error);
      if (found instanceof Error) unknown.set(name, found.message.split('\n')[0]!);
      else directions.set(name, { source: found.source, target: found.target });
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  return { directions, unknown };
}
