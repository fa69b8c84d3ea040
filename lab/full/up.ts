import { fullHome } from '../aws/home.ts';
import { lastWords } from '../last-words.ts';
import { launch, program, writeIdentity } from '../launch.ts';
import { shown } from '../progress.ts';
import { startController } from './controllers.ts';
import { describeFull, type FullOptions } from './describe.ts';
import { startDevice } from './devices.ts';
import { makeDisks } from './disk/disks.ts';
import { makeKeys } from './disk/keys.ts';
import { downFull } from './down.ts';
import { estate } from './estate-client.ts';
import { labTag, logFile, runFile, upperOf, type FullLab } from './full-lab.ts';
import { layGolden, makeGolden } from './golden.ts';
import { namesLeadHome } from './names.ts';
import { layNetwork } from './network.ts';
import { provide } from './packages.ts';
import { startPair } from './pair.ts';
import { sees, startProbe } from './probe.ts';
import { writeRunbooks } from './runbooks.ts';
import { devices, machines } from './shape.ts';
import { greets, until } from './until.ts';

export type { FullOptions } from './describe.ts';

/**
 * Stands up the full practice estate in an empty or absent folder, as root on Debian: two sites of booted hosts, the router between
 * them, network devices, power controllers, a primary (a-db) and its standby (b-db), stores of backups, name servers, a proxy and the
 * probe. It outlives this process; {@link downFull} ends it. Throws where something does not start, after ending what did.
 */
export async function upFull(options: FullOptions): Promise<FullLab> {
  provide(options.install ?? false);
  const lab = await describeFull(options);
  try {
    await shown(options.progress ?? (() => {}), 'Starting the lab', start(lab, options));
    return lab;
  } catch (error) {
    const reason = [error instanceof Error ? error.message : String(error), ...lastWords(lab)].join('\n');
    await downFull(lab.folder).catch(() => {});
    throw new Error(`The lab did not start: ${reason}`, { cause: error });
  }
}

async function start(lab: FullLab, { probe = true, progress = () => {} }: FullOptions): Promise<void> {
  const home = fullHome(lab);
  const cloud = home ? import('../aws/cloud.ts').then(({ startCloud }) => startCloud(home, progress)) : Promise.resolve();
  await together([layNetwork(lab), makeKeys(lab).then(() => makeDisks(lab)), makeGolden(lab), cloud]);
  await layGolden(lab, upperOf);
  writeRunbooks(lab);
  for (const name of Object.keys(devices)) startDevice(lab, name);
  for (const [name, { controller }] of Object.entries(machines)) if (controller) startController(lab, name);
  await startEstate(lab);
  await together(Object.keys(machines).map((name) => estate(lab, 'POST', `/power/${name}/on`)));
  if (probe) startProbe(lab);
  await together([startPair(lab), namesLeadHome(lab)]);
  await together([...Object.keys(machines), ...Object.keys(devices)].map((name) => until(`${name} to greet`, () => greets(lab, name))));
  if (probe) await until('the probe to see the database', () => sees(lab));
}

async function startEstate(lab: FullLab): Promise<void> {
  const child = launch([...program('lab/full/estate'), lab.folder], { log: logFile(lab, 'estate'), env: labTag(lab) });
  writeIdentity(runFile(lab, 'estate'), child.pid);
  await until('the estate to answer', async () => {
    if (child.exitCode !== null) throw new Error('The estate ended at once.');
    return estate(lab, 'GET', '/state').then(
      () => true,
      () => false,
    );
  });
}

/** All to their end, also where one fails: nothing may go on behind a lab that is being removed. */
async function together(work: readonly Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(work)) if (one.status === 'rejected') throw one.reason;
}
