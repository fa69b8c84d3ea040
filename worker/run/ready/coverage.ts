import type { Backup } from '../../../activities/step.ts';
import type { SystemFacts } from '../../../plan/plan.ts';
import type { Shortfall } from '../../../workflows/wire.ts';
import type { Answer } from './ask.ts';
import type { Planned } from './planned.ts';
import type { Scheduled } from './schedules.ts';
import { span } from './span.ts';

/** Something of a system whose loss only a backup mends. */
export interface Valuable {
  /** `database orders`, `path /srv/orders`, `volumes of i-0123`. */
  readonly subject: string;
  readonly holds: Backup['holds'];
  /** Set where a backup names it: the id that stands in the step's input. */
  readonly id?: string;
}

export interface Cover {
  /** Steps of runbooks of kind `backup`, where the site that serves now is the source. */
  readonly saving: readonly Planned[];
  readonly scheduled: readonly Scheduled[];
  /** As the system's workflow knows them. */
  readonly backups: readonly Backup[];
  /** How old a proven backup may be, milliseconds. Absent: nothing is promised. */
  readonly promised: number | undefined;
  /** Site of each store, by name. */
  readonly siteOf: (store: string) => string;
}

/** Step types that save what a backup of a kind holds. */
const saves: { readonly [holds in Backup['holds']]: readonly string[] } = {
  database: ['postgres.backup', 'rds.snapshot'],
  files: ['files.backup', 's3.copy-lock'],
  volumes: ['ec2.snapshot', 'ec2.image'],
};

/** Everything of a system that must be saved, at the site that serves. Pure. */
export function valuablesOf(system: SystemFacts, source: string): readonly Valuable[] {
  const { name, postgres, rds, backups, resources = {} } = system;
  const named = Object.values(resources[source] ?? {}).flat();
  const ids = new Set(named.filter((value) => typeof value === 'string').filter((value) => /^(?:i|vol)-[0-9a-f]{8,17}$/u.test(value)));
  return [
    ...(postgres === undefined && rds === undefined ? [] : [{ subject: `database ${name}`, holds: 'database' as const }]),
    ...(backups?.files?.paths ?? []).map((path) => ({ subject: `path ${path}`, holds: 'files' as const })),
    ...[...ids].map((id) => ({ subject: `volumes of ${id}`, holds: 'volumes' as const, id })),
  ];
}

/** Whether it is saved by a runbook, by schedule, proven, and in two failure domains. Pure but for the clock. */
export function covered({ subject, holds, id }: Valuable, { saving, scheduled, backups, promised, siteOf }: Cover): Answer {
  const steps = saving.filter(({ action }) => saves[holds].includes(action.uses) && (id === undefined || names(action.with, id)));
  if (steps.length === 0)
    return {
      problems: [must('no-backup', `The ${subject} has no backup: no runbook of kind "backup" saves it. Write one, and schedule it.`)],
    };
  const runbooks = [...new Set(steps.map(({ plan }) => plan.runbook))];
  const problems: Shortfall[] = [];
  const theirs = scheduled.filter(({ entry }) => entry.kind === 'backup' && runbooks.includes(entry.input.runbook ?? ''));
  if (!theirs.some(({ idle }) => idle === null)) {
    const why = theirs[0]?.idle ?? `schedules.yaml has none of ${runbooks.join(', ')}`;
    problems.push(must('not-scheduled', `The backup of the ${subject} is not scheduled: ${why}.`));
  }
  const all = backups.filter((backup) => backup.holds === holds);
  const fresh = (at: string): boolean => promised === undefined || Date.now() - Date.parse(at) <= promised;
  const proven = all.filter(({ provenAt }) => provenAt !== null && fresh(provenAt));
  const last = all
    .flatMap(({ provenAt }) => provenAt ?? [])
    .toSorted()
    .at(-1);
  if (proven.length === 0)
    problems.push(
      last === undefined
        ? must('unproven', `No backup of the ${subject} was ever restored and compared.`)
        : must(
            'unproven',
            `The last backup of the ${subject} that was restored and compared is ${span(Date.now() - Date.parse(last))} old; one is promised every ${span(promised!)}.`,
          ),
    );
  const domains = new Set(all.filter(({ at }) => fresh(at)).map(({ store }) => siteOf(store)));
  if (domains.size < 2)
    problems.push(
      must(
        'one-failure-domain',
        `Backups of the ${subject} that are fresh enough lie at ${domains.size === 0 ? 'no site' : `${[...domains].join()} alone`}: copy them to another failure domain.`,
      ),
    );
  return {
    seen: [`The ${subject} is saved by ${runbooks.join(', ')}; ${all.length} backups are known, ${proven.length} of them proven of late.`],
    problems,
  };
}

function names(value: unknown, id: string): boolean {
  if (typeof value === 'string') return value.includes(id);
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => names(inner, id));
}

const must = (code: string, text: string): Shortfall => ({ code, weight: 'must', text });
