import { run } from '../../host/run.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { as } from './command.ts';
import { readText } from './files.ts';

/** The segment that a recovery looks for at this moment, as its process is titled: the server itself answers only once it is consistent. */
export async function waitsFor(cluster: Cluster, context: StepContext): Promise<string | undefined> {
  const { host, owner, directory } = cluster;
  const [pid = ''] = (await readText(cluster, `${directory}/postmaster.pid`, context))?.split('\n') ?? [];
  if (!/^\d+$/.test(pid)) return undefined;
  const how = { deadline: 5_000, signal: context.signal, viewpoint: context.viewpoint, ...as(owner) };
  const { stdout } = await run(host, ['ps', '-o', 'args=', '--ppid', pid], how);
  return /\bstartup waiting for ([0-9A-F]{24})/.exec(stdout)?.[1];
}
