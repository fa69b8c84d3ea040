import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from '../launch.ts';
import { packageRoot } from '../package-root.ts';
import { environment } from '../venv.ts';
import type { Progress } from '../progress.ts';
import { isReady } from './control.ts';
import { emulatorPackages } from './packages.ts';

/** An emulated AWS, all regions and accounts behind one endpoint. */
export interface Emulator {
  readonly endpoint: string;
  readonly pid: number;
}

/** Starts the emulator on a free port of 127.0.0.1; it outlives this process. `env`: further variables, such as the tag of a lab. */
export async function startEmulator(options: {
  readonly port: number;
  readonly log: string;
  readonly env?: { readonly [name: string]: string };
  readonly progress?: Progress;
}): Promise<Emulator> {
  const folder = await environment(emulatorPackages, options.progress ?? (() => {}));
  const argv = [join(folder, 'bin/python'), '-m', 'emulator', String(options.port)];
  const env = {
    ...options.env,
    PYTHONPATH: join(packageRoot(), 'lab/aws'),
    PYTHONDONTWRITEBYTECODE: '1',
    MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
    AWS_ACCESS_KEY_ID: 'emulator',
    AWS_SECRET_ACCESS_KEY: 'emulator',
  };
  const child = launch(argv, { log: options.log, env });
  const endpoint = `http://127.0.0.1:${options.port}`;
  for (const deadline = Date.now() + 30_000; ; await sleep(25)) {
    if (child.exitCode !== null) throw new Error(`The emulator of AWS ended at once; see ${options.log}.`);
    if (await isReady(endpoint)) return { endpoint, pid: child.pid };
    if (Date.now() > deadline) throw new Error(`The emulator of AWS does not answer; see ${options.log}.`);
  }
}
