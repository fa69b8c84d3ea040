import type { Asker } from '../../../activities/asker.ts';
import { onMember } from '../../../activities/postgres/connect.ts';
import { askMember, type Member } from '../../../activities/postgres/member.ts';
import { behind, bytes } from '../../../activities/postgres/lsn.ts';
import type { Shortfall } from '../../../workflows/wire.ts';
import type { Answer, Question } from './ask.ts';
import type { Local } from './of-site.ts';
import { span } from './span.ts';

/** A standby that is silent for longer has lost its primary, milliseconds. */
const silence = 30_000;
/** Two members of one cluster that differ by more have drifted apart: bytes, and as a part of the larger. */
const drift = { bytes: 256 * 1024 * 1024, part: 0.2 };

/** What the database of this site is beside its other member: how far behind, of which version, how large. Asked where the standby is. */
export function memberQuestions(local: Local): Question[] {
  const { system, ways, worker } = local;
  const way = ways.find(({ now }) => now);
  const { postgres } = system;
  if (postgres === undefined || way === undefined || way.target !== worker || way.source === worker) return [];
  const [standby, primary] = [postgres.members[worker], postgres.members[way.source]];
  if (standby === undefined || primary === undefined) return [];
  return [
    { subject: `replication to ${standby}`, ask: (signal) => replication(local, primary, standby, signal) },
    { subject: `version of ${system.name}`, ask: (signal) => version(local, [primary, standby], signal) },
    { subject: `size of ${system.name}`, ask: (signal) => size(local, primary, standby, signal) },
  ];
}

async function replication(local: Local, primaryName: string, name: string, signal: AbortSignal): Promise<Answer> {
  const asker = askerOf(local, signal);
  const [primary, standby] = await Promise.all([primaryName, name].map((one) => askMember(local.hosts[one]!, local.system, asker)));
  const missing = behind(standby!.replayed ?? standby!.lsn, primary!.lsn);
  const late = missing === 0 || standby!.replayedAt === null ? 0 : Math.max(0, primary!.clock - standby!.replayedAt);
  const seen = [`${name} is ${bytes(missing)} and ${span(late)} behind ${primaryName}.`];
  const receiver = standby!.receiver;
  if (receiver?.status !== 'streaming' || (receiver.silentFor ?? 0) > silence)
    return { seen, problems: [must('not-streaming', `${name} does not follow ${primaryName}: ${state(standby!)}. ${seen[0]}`)] };
  const objective = objectiveOf(local);
  if (objective === undefined || late <= objective) return { seen };
  const text = `${name} is ${span(late)} (${bytes(missing)}) behind ${primaryName}, and no more than ${span(objective)} may be lost.`;
  return { seen, problems: [must('lagging', text)] };
}

function state({ receiver }: Member): string {
  if (receiver === null) return 'nothing receives there';
  return `it is ${receiver.status}, and last heard of it ${receiver.silentFor === null ? 'at a time that is not known' : `${span(receiver.silentFor)} ago`}`;
}

/** The strictest that a failover promises, milliseconds. */
function objectiveOf({ planned }: Local): number | undefined {
  const all = planned.flatMap(({ plan }) =>
    plan.kind === 'failover' && plan.objectives.recoveryPoint !== undefined ? [plan.objectives.recoveryPoint] : [],
  );
  return all.length === 0 ? undefined : Math.min(...all);
}

/** Both members of the same version, and of the one that the inventory expects. */
async function version(local: Local, names: readonly string[], signal: AbortSignal): Promise<Answer> {
  const { system, folder, hosts } = local;
  const asker = askerOf(local, signal);
  const found = await Promise.all(names.map(async (name) => ({ name, ...(await askMember(hosts[name]!, system, asker)) })));
  const expected = folder.inventory.data.systems[system.name]?.postgres?.version;
  const seen = found.map((one) => `PostgreSQL on ${one.name} is ${one.version}.`);
  const problems: Shortfall[] = [];
  if (found.some((one) => one.versionNumber !== found[0]!.versionNumber))
    problems.push(must('versions-differ', `${seen.join(' ')} Bring both to the same release.`));
  const strays =
    expected === undefined
      ? []
      : found.filter(
          (one) => one.version !== expected && !one.version.startsWith(`${expected}.`) && !one.version.startsWith(`${expected} `),
        );
  if (strays.length > 0)
    problems.push(
      must(
        'version-drifted',
        `${strays.map(({ name, version: is }) => `PostgreSQL on ${name} is ${is}`).join(', ')}, and the inventory expects ${expected}.`,
      ),
    );
  return { seen, problems };
}

async function size(local: Local, primary: string, standby: string, signal: AbortSignal): Promise<Answer> {
  const asker = askerOf(local, signal);
  const [here = 0, there = 0] = await Promise.all(
    [primary, standby].map((name) =>
      onMember(local.hosts[name]!, local.system, asker, async (query) => {
        const [row] = await query<{ size: string }>('select sum(pg_database_size(oid))::text as size from pg_database');
        return Number(row?.size ?? 0);
      }),
    ),
  );
  const seen = [`The databases on ${primary} have ${bytes(here)}, those on ${standby} ${bytes(there)}.`];
  const apart = Math.abs(here - there);
  if (apart <= Math.max(drift.bytes, drift.part * Math.max(here, there))) return { seen };
  return { seen, problems: [{ code: 'sizes-differ', weight: 'should', text: `${seen[0]} One is not a copy of the other.` }] };
}

function askerOf({ worker, secret }: Local, signal: AbortSignal): Asker {
  return { viewpoint: worker, signal, secret: (reference) => secret(reference, signal) };
}

const must = (code: string, text: string): Shortfall => ({ code, weight: 'must', text });
