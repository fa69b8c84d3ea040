import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { smallHome } from './aws/home.ts';
import { estate } from './estate-client.ts';
import { copyFrom, fill, initialise, makeDisk, streams } from './cluster.ts';
import { describe, type UpOptions } from './describe.ts';
import { down } from './down.ts';
import { inventory } from './inventory.ts';
import { hostOf, labTag, logFile, runFile, secret, secretFile, type Lab } from './lab.ts';
import { lastWords } from './last-words.ts';
import { launch, program, writeIdentity } from './launch.ts';
import { machineControl } from './machine-control.ts';
import { packageRoot } from './package-root.ts';
import { shown } from './progress.ts';
import { copyRunbooks } from './runbooks.ts';
import { until } from './until.ts';

export type { UpOptions } from './describe.ts';

/**
 * Stands up the small practice estate in an empty or absent folder: two machines with a primary (a-db, site-a) and its standby
 * (b-db, site-b), the lines to them, a power controller each, and the probe; with `aws` an emulated AWS beside them, with `hybrid` the
 * standby in it (c-db, us-east-1). It outlives this process; {@link down} ends it.
 * Throws where something does not start, after ending what did.
 */
export async function up(options: UpOptions): Promise<Lab> {
  for (let tries = 1; ; tries += 1) {
    const lab = await describe(options);
    try {
      await shown(options.progress ?? (() => {}), 'Starting the lab', start(lab, options));
      return lab;
    } catch (error) {
      const reason = [error instanceof Error ? error.message : String(error), ...lastWords(lab)].join('\n');
      await down(lab.folder).catch(() => {});
      // A port that was free when it was chosen may be taken when it is needed: others will do.
      if (tries < 3 && /EADDRINUSE|address already in use/iu.test(reason)) continue;
      throw new Error(`The lab did not start: ${reason}`, { cause: error });
    }
  }
}

async function start(lab: Lab, options: UpOptions): Promise<void> {
  for (const name of Object.keys(lab.hosts)) makeDisk(lab, name);
  startControllers(lab);
  const home = smallHome(lab);
  const probe = options.probe !== false;
  if (!home) {
    writeRunbooks(lab);
    await startPair(lab, probe);
  } else {
    // Its ids are known once it is filled: only then is there an inventory.
    const { bindInstance, startCloud } = await import('./aws/cloud.ts');
    await together([startCloud(home, options.progress ?? (() => {})), startPair(lab, false)]);
    await bindInstance(home);
    writeRunbooks(lab);
    if (probe) startProbe(lab);
  }
  if (probe) await until('the probe to see the database', () => sees(lab));
}

/** The primary, its standby, and all around them. */
async function startPair(lab: Lab, probe: boolean): Promise<void> {
  const [primary, standby] = Object.keys(lab.hosts) as [string, string];
  await together([initialise(lab, primary), startEstate(lab)]);
  await machineControl(lab.folder, primary, 'start');
  await fill(lab, primary);
  await copyFrom(lab, standby);
  if (probe) startProbe(lab);
  await machineControl(lab.folder, standby, 'start');
  await until('the standby to stream', () => streams(lab, primary));
  for (const { controller } of Object.values(lab.hosts)) {
    if (controller) await until('the power controllers to answer', () => takes(controller.inside));
  }
}

/** All to their end, also where one fails: nothing may go on behind a lab that is being removed. */
async function together(work: readonly Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(work)) if (one.status === 'rejected') throw one.reason;
}

async function startEstate(lab: Lab): Promise<void> {
  const child = launch([...program('lab/estate'), lab.folder], { log: logFile(lab, 'estate'), env: labTag(lab) });
  writeIdentity(runFile(lab, 'estate'), child.pid);
  await until('the estate to answer', () => {
    if (child.exitCode !== null) throw new Error('The estate ended at once.');
    return takes(lab.control);
  });
  for (const name of Object.keys(lab.hosts)) await estate(lab, 'POST', `/power/${name}/on`);
  for (const name of Object.keys(lab.hosts)) await until(`${name} to start`, () => takes(hostOf(lab, name).control));
}

function startControllers(lab: Lab): void {
  const config = join(lab.folder, 'secrets/controllers.json');
  const controllers = Object.entries(lab.hosts).flatMap(([host, { controller }]) =>
    controller === undefined
      ? []
      : [
          {
            host,
            port: controller.inside,
            user: 'lifeboat',
            password: secretFile(lab, `controller-${host}`),
            folder: join(lab.folder, 'controllers', host),
          },
        ],
  );
  const settings = {
    estate: lab.control,
    token: secret(lab, 'token'),
    certificate: secretFile(lab, 'controllers.pem'),
    key: secretFile(lab, 'controllers.key'),
    controllers,
  };
  writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
  const argv = [lab.python, join(packageRoot(), 'lab/controllers.py'), config];
  const env = { ...labTag(lab), PYTHONWARNINGS: 'ignore', PYTHONDONTWRITEBYTECODE: '1', TMPDIR: lab.folder };
  writeIdentity(runFile(lab, 'controllers'), launch(argv, { log: logFile(lab, 'controllers'), env }).pid);
}

function startProbe(lab: Lab): void {
  const argv = [...program('probe/main'), '--inventory', join(lab.folder, 'runbooks/inventory.yaml'), '--listen', String(lab.probe)];
  const login = ['--folder', join(lab.folder, 'probe'), '--user', 'app', '--password', `file:${secretFile(lab, 'app')}`];
  writeIdentity(runFile(lab, 'probe'), launch([...argv, ...login], { log: logFile(lab, 'probe'), env: labTag(lab) }).pid);
}

function writeRunbooks(lab: Lab): void {
  const folder = join(lab.folder, 'runbooks');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'inventory.yaml'), inventory(lab));
  copyRunbooks(folder);
  if (lab.aws) copyRunbooks(folder, 'cloud');
  // Those of the same names are for a standby in the cloud.
  if (smallHome(lab)?.machines) copyRunbooks(folder, 'hybrid');
}

async function sees(lab: Lab): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${lab.probe}/systems/orders`).catch(() => null);
  return answer?.ok === true && ((await answer.json()) as { serving: string | null }).serving !== null;
}

function takes(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const end = (ok: boolean) => () => {
      socket.destroy();
      done(ok);
    };
    socket.on('connect', end(true)).on('error', end(false));
  });
}
