import { StepError } from '../error.ts';
import type { Seat } from './seat.ts';

/** Which of these paths are there. */
export async function there(seat: Seat, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await seat.try(['stat', '-c', '%n', '--', ...paths]);
  return new Set(stdout.split('\n').filter(Boolean));
}

/** The directories and files beside the data directory whose names begin with its own and `ending`. */
export async function beside(seat: Seat, ending: string): Promise<readonly string[]> {
  const parent = seat.data.slice(0, seat.data.lastIndexOf('/'));
  const name = `${seat.data.slice(parent.length + 1)}${ending}`;
  const found = await seat.do(['find', parent, '-mindepth', '1', '-maxdepth', '1', '-name', `${name.replaceAll(/[*?[\]\\]/g, '\\$&')}*`]);
  return found.split('\n').filter(Boolean).sort();
}

/** Whether a server works in a directory, as its lock file and the process it names say. */
export async function runs(seat: Seat, directory: string): Promise<boolean> {
  const answer = await seat.try([seat.program('pg_ctl'), 'status', '-D', directory]);
  if (answer.code === 0 || answer.code === 3) return answer.code === 0;
  if (/does not exist|is not a database cluster directory/.test(answer.stderr)) return false;
  throw new StepError(
    'server-unknown',
    `Whether a server runs in ${directory} on ${seat.host.name} cannot be told: ${answer.stderr.trim().slice(0, 300)}`,
    'person',
  );
}

/** Throws where the member's server runs. */
export async function mustBeDown(seat: Seat, why: string): Promise<void> {
  if (!(await runs(seat, seat.data))) return;
  throw new StepError(
    'still-running',
    `PostgreSQL on ${seat.host.name} runs: ${why}. Nothing was done; stop it there, then retry.`,
    'person',
  );
}

/** Puts a text into a file in one step: it is whole or not there. */
export async function writeFile(seat: Seat, file: string, text: string): Promise<void> {
  const draft = `${file}.lifeboat-new`;
  await seat.do(['dd', `of=${draft}`, 'conv=fsync', 'status=none'], text);
  await seat.do(['chmod', '600', draft]);
  await seat.do(['mv', '-f', '-T', '--', draft, file]);
}

/** Throws where the file system below which `path` lies has fewer bytes free. Links in `path` are followed. */
export async function mustFit(seat: Seat, path: string, wanted: number, what: string): Promise<string> {
  const free = Number((await seat.do(['df', '-B1', '--output=avail', '--', path])).trim().split('\n').at(-1));
  if (free >= wanted) return `${what} needs about ${size(wanted)} at ${path} on ${seat.host.name}, where ${size(free)} are free.`;
  throw new StepError(
    'disk-full',
    `${what} needs about ${size(wanted)} at ${path} on ${seat.host.name}, and only ${size(free)} are free there. Make room, then retry.`,
    'person',
  );
}

/** Bytes that a directory takes, with everything that links in it lead to. */
export async function sizeOf(seat: Seat, path: string): Promise<number> {
  // What vanishes under its hands makes it complain; the sum is printed all the same.
  const { stdout } = await seat.try(['du', '-sLB1', '--', path], { within: 120_000 });
  const bytes = Number(/^(\d+)/.exec(stdout)?.[1]);
  if (bytes > 0) return bytes;
  throw new StepError('size-unknown', `The size of ${path} on ${seat.host.name} cannot be read.`, 'person');
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
