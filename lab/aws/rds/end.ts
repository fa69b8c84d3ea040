import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { killAll } from '../../process.ts';
import { databasesOf, type CloudHome } from '../home.ts';
import { diskIn } from './cluster.ts';

/** Ends what databases a kill tore from the program that ran them; returns how many processes. */
export async function endDatabases(home: CloudHome): Promise<number> {
  const folder = databasesOf(home);
  const disks = existsSync(folder) ? readdirSync(folder).map((name) => diskIn(home, name)) : [];
  let ended = 0;
  // Where none may run there is nothing to look for: each look is one at every process of this machine.
  for (const { data } of disks) if (existsSync(join(data, 'postmaster.pid'))) ended += await killAll({ data });
  return ended;
}
