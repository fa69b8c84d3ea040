import { StepError } from '../../../activities/error.ts';
import { viewFrom } from '../../../activities/endpoint.ts';
import { greets } from '../../../activities/greets.ts';
import { run } from '../../../activities/host/run.ts';
import type { HostFacts } from '../../../plan/plan.ts';
import type { Answer, Question } from './ask.ts';
import type { Local } from './of-site.ts';

/** What a host may take to answer, milliseconds. */
const patience = 4_000;

/** Whether the hosts of the system at this site are there, and let us in. */
export function hostQuestions(local: Local): Question[] {
  return hostsOf(local).map((host) => ({ subject: `host ${host.name}`, ask: (signal) => isThere(host, local.worker, signal) }));
}

/** Hosts of the system at this site: its member, those whose files are saved, those that keep stores, and those that steps act on. */
export function hostsOf({ system, planned, hosts, worker }: Pick<Local, 'system' | 'planned' | 'hosts' | 'worker'>): HostFacts[] {
  const { postgres, files } = system.backups ?? {};
  const stores = [postgres?.stores, postgres?.copies, files?.stores, files?.copies].flatMap((all) => Object.values(all ?? {}));
  const names = new Set([
    ...Object.values(system.postgres?.members ?? {}),
    ...Object.values(files?.hosts ?? {}),
    ...stores.map(({ host }) => host.name),
    ...planned.flatMap(({ action }) => Object.keys(action.hosts)),
  ]);
  return [...names].flatMap((name) => (hosts[name]?.site === worker ? [hosts[name]] : []));
}

async function isThere(host: HostFacts, viewpoint: string, signal: AbortSignal): Promise<Answer> {
  const { greets: alive, text } = await greets(viewFrom(host.views, viewpoint, `host ${host.name}`), host.alive, patience / 2);
  if (!alive)
    throw new StepError(
      'host-gone',
      `${host.name} gives no sign of life at port ${host.alive} as seen from ${viewpoint}: ${text}.`,
      'person',
    );
  if (host.connection === 'local') return { seen: [`${host.name} greets.`] };
  const { code } = await run(host, ['true'], { deadline: patience, signal, viewpoint });
  if (code !== 0) throw new StepError('host-refuses', `${host.name} answers, and runs nothing for us: it ended with ${code}.`, 'person');
  return { seen: [`${host.name} greets and lets us in.`] };
}
