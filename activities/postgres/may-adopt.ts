import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { controlData } from './control-data.ts';
import { runs, there, writeFile } from './directory.ts';
import type { Seat } from './seat.ts';
import { mustSwap, type Standing } from './swap.ts';

/** What a restore writes into the settings to recover, and to keep the copy harmless. */
const ofTheRestore =
  /^\s*(archive_mode|archive_command|archive_library|archive_cleanup_command|restore_command|recovery_\w+|primary_conninfo|primary_slot_name|hot_standby|listen_addresses|port|unix_socket_directories)\b/i;

/** A directory as it is compared: without a slash at its end. */
export function plain(path: string): string {
  const plain = path.replace(/\/+$/, '');
  if (!plain.split('/').some((part, at) => at > 0 && (part === '' || part === '.' || part === '..'))) return plain;
  throw new StepError('bad-path', `"${path}" is no plain absolute path of a directory.`, 'mistake');
}

/** Throws unless `from` is a cluster that was restored, recovered and shut down, of the same origin as the member's data. */
export async function mayAdopt(seat: Seat, from: string, before: Standing, context: StepContext): Promise<void> {
  const { name } = seat.host;
  const refuse = (code: string, why: string): never => {
    throw new StepError(code, `${from} on ${name} ${why}. Nothing was exchanged.`, 'person');
  };
  if (`${from}/`.startsWith(`${seat.data}/`) || `${seat.data}/`.startsWith(`${from}/`))
    throw new StepError('bad-path', `${from} and the data directory ${seat.data} on ${name} are not two separate directories.`, 'mistake');
  const file = (title: string): string => `${from}/${title}`;
  const found = await there(seat, ['PG_VERSION', 'standby.signal', 'recovery.signal', 'backup_label'].map(file));
  if (!found.has(file('PG_VERSION'))) refuse('no-restored-cluster', 'holds no PostgreSQL cluster');
  if (found.size > 1) refuse('not-recovered', 'was restored and not recovered yet: start it aside, let it recover and stop it');
  if (await runs(seat, from)) refuse('still-running', 'has a server running in it: stop that');
  await mustSwap(seat, from);
  const control = await controlData(name, context, from);
  if (control.state !== 'shut down') refuse('not-recovered', `was not shut down cleanly (control data: "${control.state}")`);
  if (before.data) {
    const own = await controlData(name, context).catch(() => undefined);
    if (own && own.identifier !== control.identifier)
      refuse('wrong-cluster', `is of another cluster (${control.identifier}) than the data of ${name} (${own.identifier})`);
  }
}

/** Takes out of the settings what the restore put there: in service, the configuration of the host decides again. */
export async function plainSettings(seat: Seat, from: string): Promise<void> {
  const file = `${from}/postgresql.auto.conf`;
  if (!(await there(seat, [file])).has(file)) return;
  const before = await seat.do(['cat', '--', file]);
  const after = before
    .split('\n')
    .filter((line) => !ofTheRestore.test(line))
    .join('\n');
  if (after !== before) await writeFile(seat, file, after);
}
