import { pairOf } from '../facts.ts';
import { didYouMean, listed } from '../nearest.ts';
import type { Scope } from '../scope.ts';

/** What each kind of runbook asks of its system and of the two sites. */
export function checkKind(scope: Scope): void {
  const { runbook, inventory, source, target } = scope;
  const { kind, system, steps } = runbook.data;
  const moves = kind === 'failover' || kind === 'failback';
  const sites = Object.keys(inventory.data.sites);
  for (const [role, site] of [
    ['source', source],
    ['target', target],
  ] as const)
    if (!sites.includes(site))
      scope.problems.add(runbook, ['runbook'], `the ${role} "${site}" is no site of the inventory`, didYouMean(site, sites, 'sites'));

  if (moves && scope.system !== undefined) {
    const members = pairOf(inventory.data, system);
    if (members.length < 2)
      scope.problems.add(
        runbook,
        ['kind'],
        `a ${kind} needs a system that is at two sites, and "${system}" is not`,
        `add \`postgres: { members: { SITE: HOST, SITE: HOST } }\` to "${system}" in the inventory`,
      );
    else
      for (const site of [source, target])
        if (!members.includes(site) && sites.includes(site))
          scope.problems.add(runbook, ['system'], `"${system}" has no member at "${site}"`, `its members are at: ${listed(members)}`);
  }
  const only = runbook.data.target;
  if (only !== undefined && only !== target)
    scope.problems.add(
      runbook,
      ['target'],
      `${runbook.data.runbook} is for the way to "${only}", and ${system} would be moved from "${source}" to "${target}"`,
      sites.includes(only) ? 'start the runbook of that way' : didYouMean(only, sites, 'sites'),
    );
  if (moves && source === target)
    scope.problems.add(runbook, ['kind'], `a ${kind} from "${source}" to itself moves nothing`, 'name another target');
  if (kind === 'failover') return;
  for (const [index, { only, id }] of steps.entries())
    if (only === 'unplanned')
      scope.problems.add(
        runbook,
        ['steps', index, 'only'],
        `"${id}" would never run: a ${kind} is always planned`,
        'remove the step, or make the runbook a failover',
      );
}
