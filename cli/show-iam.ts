import { actionsOfEveryRun } from '../activities/facts/actions.ts';
import { types } from '../activities/index.ts';
import { compile } from '../plan/compile.ts';
import { waysOf, systemFacts } from '../plan/facts.ts';
import { policies, type Purpose, type SitePolicy } from '../plan/permissions.ts';
import { PlanError } from '../plan/problem.ts';
import type { Arguments } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { say, sayJson, paint, note } from './print.ts';
import { wantedRunbook } from './wanted-runbook.ts';

interface Wanted {
  readonly folder: string;
  readonly name: string;
  readonly purpose: Purpose;
  readonly site: string | undefined;
}

/** Prints the policies of a runbook, whichever site serves. Returns 0. */
export async function showIam(args: Arguments, { folder, name, purpose, site }: Wanted): Promise<number> {
  const { runbook, inventory } = await wantedRunbook(args, { folder, name });
  const system = systemFacts(inventory.data, runbook.data.system);
  const found: SitePolicy[] = [];
  try {
    for (const [source, target] of system ? waysOf(system) : [])
      found.push(...policies(compile({ runbook, inventory, types, source, target }), types, purpose, actionsOfEveryRun));
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new Failure(
      exit.otherwise,
      `${runbook.data.runbook} does not compile.\n${error.message}`,
      'Mend the files; lifeboat check tells more.',
    );
  }
  const all = merged(found);
  if (all.length === 0) throw new Failure(exit.otherwise, `${runbook.data.runbook} calls nothing at AWS.`, '');
  if (site === undefined) {
    sayJson(all);
    return exit.done;
  }
  const one = all.find((policy) => policy.site === site);
  if (!one)
    throw usage(`${runbook.data.runbook} calls nothing at "${site}".`, `It does at: ${all.map((policy) => policy.site).join(', ')}.`);
  note(
    paint('dim', `${one.site}: account ${one.account ?? 'of the credentials'}, role ${one.role ?? 'of the credentials'}`, process.stderr),
  );
  say(JSON.stringify(one.policy, null, 2));
  return exit.done;
}

/** One policy a site: whichever way the run goes, its role can do what it takes. */
function merged(found: readonly SitePolicy[]): SitePolicy[] {
  const sites = new Map<string, SitePolicy>();
  for (const one of found) {
    const known = sites.get(one.site);
    if (!known) sites.set(one.site, one);
    else sites.set(one.site, { ...known, policy: { ...known.policy, Statement: both(known.policy.Statement, one.policy.Statement) } });
  }
  return [...sites.values()];
}

function both(a: SitePolicy['policy']['Statement'], b: SitePolicy['policy']['Statement']): SitePolicy['policy']['Statement'] {
  const sids = new Map(a.map((statement) => [statement.Sid, statement]));
  for (const statement of b) {
    const known = sids.get(statement.Sid);
    sids.set(statement.Sid, known ? { ...known, Action: [...new Set([...known.Action, ...statement.Action])].sort() } : statement);
  }
  return [...sids.values()];
}
