import { needsOfRun, needsOfStep } from '../activities/aws/needs.ts';
import { types } from '../activities/index.ts';
import { compileWhole } from '../plan/compile.ts';
import { systemFacts, waysOf } from '../plan/facts.ts';
import type { InventoryFile, RunbookFile } from '../plan/load.ts';
import { policies, type Needed, type Purpose, type SitePolicy } from '../plan/permissions.ts';
import type { Json, SystemFacts } from '../plan/plan.ts';
import { PlanError } from '../plan/problem.ts';
import { rehearse } from '../plan/rehearsal/rehearse.ts';
import type { Arguments } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { parameters } from './look-up.ts';
import { note, paint, say, sayJson } from './print.ts';
import { wantedRunbook } from './wanted-runbook.ts';

interface Wanted {
  readonly folder: string;
  readonly name: string;
  readonly purpose: Purpose;
  readonly site: string | undefined;
}

/** Prints the policies of a runbook, whichever site serves. Returns 0. */
export async function showIam(args: Arguments, { folder, name, purpose, site }: Wanted): Promise<number> {
  const { runbook, inventory, runbooks } = await wantedRunbook(args, { folder, name });
  const { runbook: called } = runbook.data;
  const all = policiesOf(runbook, { inventory, runbooks, ...parameters(args, runbook.data) }, purpose);
  if (all.length === 0) throw new Failure(exit.otherwise, `${called} calls nothing at AWS.`, 'It needs no policy.');
  if (site === undefined) {
    sayJson(all);
    return exit.done;
  }
  const one = all.find((policy) => policy.site === site);
  if (!one) throw usage(`${called} calls nothing at "${site}".`, `It does at: ${all.map((policy) => policy.site).join(', ')}.`);
  note(
    paint('dim', `${one.site}: account ${one.account ?? 'of the credentials'}, role ${one.role ?? 'of the credentials'}`, process.stderr),
  );
  say(JSON.stringify(one.policy, null, 2));
  return exit.done;
}

interface Around {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  readonly parameters?: { readonly [name: string]: Json };
}

/** One policy a site, whichever way a run goes. */
export function policiesOf(runbook: RunbookFile, around: Around, purpose: Purpose): readonly SitePolicy[] {
  const { inventory } = around;
  const directions = (way: number) =>
    new Map(Object.keys(inventory.data.systems).flatMap((name) => directionOf(systemFacts(inventory.data, name)!, way)));
  const system = systemFacts(inventory.data, runbook.data.system);
  const ways = system ? waysOf(system, runbook.data.target) : [];
  try {
    const compile = purpose === 'live' ? compileWhole : rehearse;
    const wholes = ways.map(([source, target], way) => compile({ runbook, types, source, target, directions: directions(way), ...around }));
    return policies(wholes, needed(purpose), purpose);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new Failure(
      exit.otherwise,
      `${runbook.data.runbook} does not compile.\n${error.message}`,
      'Mend the files, or give what it must be given with --param NAME=VALUE.',
    );
  }
}

/** Of another system, whose run a step may start: its ways too are gone through in turn. */
function directionOf(system: SystemFacts, way: number): [string, { readonly source: string; readonly target: string }][] {
  const ways = waysOf(system);
  const found = ways[way % Math.max(1, ways.length)];
  return found === undefined ? [] : [[system.name, { source: found[0], target: found[1] }]];
}

/** What the step types tell of actions and plans. */
function needed(purpose: Purpose): Needed {
  const byName = new Map(types.map((type) => [type.name, type]));
  return {
    ofRun: needsOfRun,
    ofStep: (action, { target, sites }) =>
      needsOfStep(byName.get(action.uses)!, action.with, {
        purpose,
        target: target.site,
        account: (site) => sites[site]?.aws?.account,
      }),
  };
}
