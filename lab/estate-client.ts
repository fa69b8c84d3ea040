import { call } from './call.ts';
import { secret, type Lab } from './lab.ts';

/** Asks the estate around the machines. Throws with what to do where it does not run. */
export async function estate(lab: Lab, method: string, path: string, body?: unknown): Promise<unknown> {
  return call(lab.control, secret(lab, 'token'), method, path, body).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED') throw error;
    throw new Error(`The lab in ${lab.folder} does not run. Remove it with "lifeboat lab down" and start it again.`);
  });
}
