import { call } from '../call.ts';
import { secret, type FullLab } from './full-lab.ts';

/** Asks the estate around the hosts. Throws with what to do where it does not run. */
export async function estate(lab: FullLab, method: string, path: string): Promise<unknown> {
  return call(lab.control, secret(lab, 'token'), method, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED') throw error;
    throw new Error(`The lab in ${lab.folder} does not run. Remove it with "lifeboat lab down --folder ${lab.folder}" and start it again.`);
  });
}
