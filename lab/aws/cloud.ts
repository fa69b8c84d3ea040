import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { call } from '../call.ts';
import { secretIn } from '../lab.ts';
import { launch, program, writeIdentity } from '../launch.ts';
import { until } from '../until.ts';
import type { Progress } from '../progress.ts';
import { shown } from '../progress.ts';
import { cloudControl } from './control.ts';
import { startEmulator } from './emulator.ts';
import type { Filled } from './fill/fill.ts';
import { accounts, endpointOf, members, type CloudHome } from './home.ts';

/**
 * Starts the emulated AWS of a lab and what is real behind it, and fills it. Both outlive this process. The machines' estate need
 * not run yet. Throws where something does not start.
 */
export async function startCloud(home: CloudHome, progress: Progress): Promise<void> {
  writeFileSync(join(home.folder, 'secrets/rds'), randomBytes(18).toString('base64url'), { mode: 0o600 });
  // Loading it takes as long as the emulator does to start.
  const filling = import('./fill/fill.ts');
  filling.catch(() => {});
  startReality(home);
  await until('what is real behind the cloud to answer', () =>
    askReality(home, 'GET', '/').then(
      () => true,
      () => false,
    ),
  );
  const env = {
    LIFEBOAT_LAB: home.id,
    LIFEBOAT_AWS_HOOK: `http://127.0.0.1:${home.aws.reality}/`,
    LIFEBOAT_AWS_HOOK_TOKEN: secretIn(home.folder, 'token'),
  };
  const { pid } = await startEmulator({ port: home.aws.port, log: logOf(home, 'emulator'), env, progress });
  writeIdentity(runOf(home, 'emulator'), pid);
  // Whatever was written until now can be restored: the archive is closed for each restore.
  await cloudControl(endpointOf(home), Object.values(accounts)).settings({
    windows: Object.fromEntries(Object.values(members).map((id) => [id, 1])),
  });
  const { fill } = await filling;
  const filled = await shown(progress, 'Filling the emulated AWS', fill(home));
  writeFileSync(filledFile(home), JSON.stringify(filled, null, 2));
}

/** Makes an instance and a machine of the lab one: from now on what happens to it happens to the machine. */
export async function bindInstance(home: CloudHome): Promise<void> {
  const { hybrid } = readFilled(home);
  if (hybrid && home.machines) await askReality(home, 'PUT', `/instance/${accounts.production}/us-east-1/${hybrid.instance}`);
}

export const readFilled = (home: Pick<CloudHome, 'folder'>): Filled => JSON.parse(readFileSync(filledFile(home), 'utf8')) as Filled;

function startReality(home: CloudHome): void {
  const child = launch([...program('lab/aws/databases'), home.folder], { log: logOf(home, 'databases'), env: { LIFEBOAT_LAB: home.id } });
  writeIdentity(runOf(home, 'databases'), child.pid);
}

/** Asks what is real behind the cloud. */
export function askReality(home: CloudHome, method: string, path: string): Promise<unknown> {
  return call(home.aws.reality, secretIn(home.folder, 'token'), method, path);
}

const filledFile = (home: Pick<CloudHome, 'folder'>): string => join(home.folder, 'cloud.json');
const runOf = (home: CloudHome, name: string): string => join(home.folder, 'run', `${name}.json`);
const logOf = (home: CloudHome, name: string): string => join(home.folder, 'logs', `${name}.log`);
