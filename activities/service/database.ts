import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import type { Unit, UnitInput } from './unit.ts';

/**
 * Refuses the unit of the system's own database, and one that brings it along: whether it may take writes is for the types of
 * PostgreSQL to decide, which know what was fenced, promoted and rewound. Only reads.
 * @throws StepError `database-unit`.
 */
export async function refuseDatabase({ host, unit }: UnitInput, { names }: Unit, context: StepContext): Promise<void> {
  const { system, signal, viewpoint } = context;
  const facts = context.host(host);
  if (system.postgres?.members[facts.site] !== host) return;
  const words = Object.values(system.postgres.service[facts.site] ?? {}).flat();
  const databases = words.flatMap((word: string) => [word, `${word}.service`]);
  const tree = await run(facts, ['systemctl', 'list-dependencies', '--plain', '--', unit], { deadline: 5_000, signal, viewpoint });
  const all = [...names, ...tree.stdout.split('\n').map((line) => line.replace(/^[^A-Za-z0-9_]+/, '').trim())];
  const found = all.find((name) => databases.includes(name));
  if (found === undefined) return;
  throw new StepError(
    'database-unit',
    `${found} is the database of ${system.name} on ${host}: \`service\` steps neither start nor stop it${names.includes(found) ? '' : `, nor ${unit}, which brings it along`}. Use the steps of \`postgres\`, which know whether it may take writes.`,
    'mistake',
  );
}
