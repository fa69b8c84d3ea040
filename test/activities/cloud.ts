import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudControl, type CloudControl } from '../../lab/aws/control.ts';
import { startEmulator } from '../../lab/aws/emulator.ts';
import { freePorts } from '../../lab/ports.ts';
import { StepError } from '../../activities/error.ts';
import type { StepContext } from '../../activities/step.ts';
import type { AwsFacts, SystemFacts } from '../../plan/plan.ts';
import { context, typeOf } from './estate.ts';

/** An emulated AWS that nobody else of this process uses: accounts of its own, in two regions. */
export interface Cloud extends CloudControl {
  readonly endpoint: string;
  /** Production's account. */
  readonly account: string;
  /** Where production's credentials delete nothing. */
  readonly vault: string;
  readonly sites: { readonly [site: string]: AwsFacts };
  /** A context as a worker makes one; each is another run's unless `key` says otherwise. */
  context(options?: CloudOptions): StepContext & { readonly beats: unknown[] };
}
export interface CloudOptions {
  readonly key?: string;
  readonly run?: string;
  /** Of the step; 1. */
  readonly attempt?: number;
  readonly step?: string;
  readonly mode?: 'planned' | 'unplanned';
  readonly live?: boolean;
  readonly system?: Partial<SystemFacts>;
  readonly proofs?: StepContext['proofs'];
  readonly stated?: StepContext['stated'];
  readonly fences?: Awaited<ReturnType<StepContext['fences']>>;
  readonly resume?: unknown;
  readonly signal?: AbortSignal;
  readonly stillOurs?: () => Promise<void>;
  readonly earlier?: StepContext['earlier'];
}

let running: Promise<string> | undefined;

/** One emulator for all tests of this process; it ends with the process. */
function endpoint(): Promise<string> {
  return (running ??= (async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-aws-'));
    const [port] = await freePorts(1);
    const emulator = await startEmulator({ port: port!, log: join(folder, 'emulator.log') });
    process.once('exit', () => {
      process.kill(emulator.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    return emulator.endpoint;
  })());
}

/** Sites `east` (us-east-1) and `west` (us-west-2) of one fresh account, and `vault` (us-west-2) of another. */
export async function cloud(): Promise<Cloud> {
  const at = await endpoint();
  const [account, vault] = [randomInt(1e11, 1e12), randomInt(1e11, 1e12)].map(String) as [string, string];
  const facts = (region: string, id: string): AwsFacts => ({
    region,
    account: id,
    endpoint: at,
    apiShare: 1,
    role: { arn: `arn:aws:iam::${id}:role/lifeboat` },
  });
  const sites = { east: facts('us-east-1', account), west: facts('us-west-2', account), vault: facts('us-west-2', vault) };
  return {
    ...cloudControl(at, [account, vault]),
    endpoint: at,
    account,
    vault,
    sites,
    context(options = {}) {
      const made = context(
        { system: { name: 'shop', tier: 1, ...options.system }, hosts: {} },
        {
          viewpoint: 'west',
          ...(options.step === undefined ? {} : { step: options.step }),
          ...(options.live === undefined ? {} : { live: options.live }),
          ...(options.proofs === undefined ? {} : { proofs: options.proofs }),
          ...(options.stated === undefined ? {} : { stated: options.stated }),
          ...(options.fences === undefined ? {} : { fences: options.fences }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(options.stillOurs === undefined ? {} : { stillOurs: options.stillOurs }),
          ...(options.earlier === undefined ? {} : { earlier: options.earlier }),
          resume: options.resume,
        },
      );
      const whole: ReturnType<Cloud['context']> = {
        ...made,
        // A proof is read again where it was made.
        async reread(proof) {
          const again = (await typeOf(proof.by).verify(proof.with, whole)).proofs?.find(({ kind }) => kind === proof.kind);
          if (!again) throw new StepError('no-proof', `${proof.by} proves nothing any more.`);
          return again;
        },
        step: { ...made.step, attempt: options.attempt ?? 1 },
        run: { ...made.run, workflowId: options.run ?? 'failover-shop', mode: options.mode ?? 'unplanned' },
        key: options.key ?? randomBytes(20).toString('hex'),
        source: { site: 'east' },
        target: { site: 'west' },
        aws(site) {
          const found = sites[site as keyof typeof sites];
          if (!found) throw new StepError('unknown-site', `No AWS site ${site}.`, 'mistake');
          return found;
        },
      };
      return whole;
    },
  };
}
