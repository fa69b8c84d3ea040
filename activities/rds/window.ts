import type { DBInstanceAutomatedBackup } from '@aws-sdk/client-rds';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** What is restored to a time: the automated backups of an instance, or those that are left of one that is gone. */
export interface Backups {
  /** ARN of the instance, or of the automated backups. */
  readonly arn: string;
  readonly engine: { readonly Engine?: string; readonly EngineVersion?: string };
  readonly earliest: Date;
  readonly latest: Date;
  /** How RDS is told what to restore. */
  readonly source: { readonly SourceDBInstanceIdentifier: string } | { readonly SourceDBInstanceAutomatedBackupsArn: string };
}

/** `source`: identifier of an instance at the site, or ARN of automated backups there. */
export async function backupsOf(source: string, site: string, context: StepContext): Promise<Backups> {
  const byArn = source.startsWith('arn:');
  const all = await read(byArn ? { DBInstanceAutomatedBackupsArn: source } : { DBInstanceIdentifier: source }, site, context);
  const found = byArn ? all[0] : all.find(({ Status }) => Status === 'active');
  if (!found) throw none(source, site, all);
  const { RestoreWindow: { EarliestTime, LatestTime } = {}, Engine, EngineVersion } = found;
  if (!EarliestTime || !LatestTime)
    throw new StepError(
      'no-window',
      `The automated backups of ${source} at ${site} are ${found.Status}: nothing can be restored yet.`,
      'later',
      60_000,
    );
  return {
    arn: byArn ? source : found.DBInstanceArn!,
    engine: { ...(Engine === undefined ? {} : { Engine }), ...(EngineVersion === undefined ? {} : { EngineVersion }) },
    earliest: EarliestTime,
    latest: LatestTime,
    source: byArn ? { SourceDBInstanceAutomatedBackupsArn: source } : { SourceDBInstanceIdentifier: source },
  };
}

/**
 * The moment that is restored; with `latest`, the one before which it does not lie.
 * @param to ISO time, or `latest`
 * @throws StepError `outside-window`, which tells the window; remedy `later` where the time is only not restorable yet.
 */
export function momentOf(to: string, { earliest, latest }: Backups): Date {
  const wanted = to === 'latest' ? latest : new Date(to);
  if (wanted >= earliest && wanted <= latest) return wanted;
  const soon = wanted > latest && wanted.getTime() <= Date.now();
  throw new StepError(
    'outside-window',
    `${to} cannot be restored${soon ? ' yet' : ''}: the window is ${earliest.toISOString()} to ${latest.toISOString()}.`,
    soon ? 'later' : 'mistake',
    30_000,
  );
}

async function read(what: object, site: string, context: StepContext): Promise<readonly DBInstanceAutomatedBackup[]> {
  const rds = await service('rds', site, context);
  try {
    return (await rds.describeDBInstanceAutomatedBackups(what)).DBInstanceAutomatedBackups ?? [];
  } catch (error) {
    if (isAws(error, 'DBInstanceAutomatedBackupNotFound*', 'DBInstanceNotFound*')) return [];
    throw error;
  }
}

function none(source: string, site: string, all: readonly DBInstanceAutomatedBackup[]): StepError {
  const left = all.flatMap(({ DBInstanceAutomatedBackupsArn: arn }) => (arn === undefined ? [] : [arn]));
  const hint =
    left.length > 0
      ? `Of instances of that name that are gone there is: ${left.join(', ')}; name one of these.`
      : 'Restore a snapshot instead.';
  return new StepError('no-automated-backups', `There are no automated backups of ${source} at ${site}. ${hint}`, 'person');
}
