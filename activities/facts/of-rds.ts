import type { RdsFacts, SystemFacts } from '../../plan/plan.ts';
import type { Facts, FactsInput, Viewpoint } from '../../workflows/wire.ts';
import type { Asker } from '../asker.ts';
import { service, type Caller } from '../aws/client.ts';
import { readSelf } from '../postgres/member.ts';
import { session } from '../postgres/session.ts';
import { answers, type Answer } from '../rds/answers.ts';
import { loginTo, type Place } from '../rds/connect.ts';
import { ofCluster, ofInstance, type Database } from '../rds/database.ts';
import { lagSamples, type Sample } from '../rds/lag.ts';
import { roleOf, type Role } from '../rds/role.ts';
import { atRisk, type Asked } from './at-risk.ts';
import { askProbe } from './probe.ts';
import { promptly } from './promptly.ts';
import { probe, receiver } from './viewpoints.ts';

/** A member as RDS and itself tell it; text: why there is no answer. */
interface Side {
  readonly name: string;
  readonly role: Role | string;
  readonly database: Database | string;
  readonly answer: Answer | undefined;
  readonly is: Asked;
}

/** What a gate shows of a database of RDS: asked of its regions, of CloudWatch, and of itself where there is a login. */
export async function factsOfRds(rds: RdsFacts, input: FactsInput, from: Asker, caller: Caller): Promise<Facts> {
  const { system, source, target } = input;
  const seat = (site: string): Place => ({ site, id: (rds.members[site] ?? '').toLowerCase() });
  const [old, next, probed, region, samples] = await Promise.all([
    side(seat(source.site), rds, system, from, caller),
    side(seat(target.site), rds, system, from, caller),
    askProbe(system, from),
    regionOf(source.site, caller),
    promptly(target.site, caller, (soon) => lagSamples(seat(target.site), rds.global !== undefined, soon)).catch(message),
  ]);
  const asked = atRisk({ name: old.name, is: old.is }, { name: next.name, is: next.is }, probed);
  const views = [
    probe({ probed, source: old }),
    apiOf(source.site, old, next),
    region.sees === 'unknown' && typeof next.role !== 'string' ? { ...region, sees: 'dead' as const } : region,
    port(old, from.viewpoint),
    replica(old, next, samples),
  ];
  const alive = old.answer?.greets ? { [old.name]: old.answer.at } : {};
  return {
    ...(asked.atRisk ? asked : fromSamples(samples, next, asked.atRiskText)),
    viewpoints: views,
    seen: { ...(typeof probed === 'string' ? {} : probed.seen), ...alive },
  };
}

/** Whether EC2's API of a region answers: one more thing there that lives, or does not. */
export async function regionOf(site: string, caller: Caller): Promise<Viewpoint> {
  const name = `EC2 API of ${site}`;
  try {
    const { region } = caller.aws(site);
    await promptly(site, caller, async (soon) => (await service('ec2', site, soon)).describeRegions({ RegionNames: [region] }));
    return { name, sees: 'alive', text: `The API of EC2 in ${region} answers: the region lives, whatever its databases do.` };
  } catch (error) {
    return { name, sees: 'unknown', text: message(error) };
  }
}

async function side(place: Place, { global }: RdsFacts, system: SystemFacts, from: Asker, caller: Caller): Promise<Side> {
  const [role, database] = await Promise.all([
    promptly(place.site, caller, (soon) => roleOf(place, global?.toLowerCase(), soon)).catch(message),
    promptly(place.site, caller, (soon) => describe(place, global !== undefined, soon)).catch(message),
  ]);
  const name = `${place.site}/${place.id}`;
  if (typeof database === 'string') return { name, role, database, answer: undefined, is: database };
  const [answer, is] = await Promise.all([answers(database, { system }), self(database, system, from)]);
  return { name, role, database, answer, is };
}

async function describe(place: Place, clustered: boolean, caller: Caller): Promise<Database> {
  const rds = await service('rds', place.site, caller);
  if (clustered) {
    const { DBClusters: [cluster] = [] } = await rds.describeDBClusters({ DBClusterIdentifier: place.id });
    if (cluster) return ofCluster(place, cluster);
  } else {
    const { DBInstances: [instance] = [] } = await rds.describeDBInstances({ DBInstanceIdentifier: place.id });
    if (instance) return ofInstance(place, instance);
  }
  throw new Error(`RDS at ${place.site} does not tell ${place.id}.`);
}

async function self(database: Database, system: SystemFacts, from: Asker): Promise<Asked> {
  if (!system.rds?.login) return 'The inventory gives no login to it.';
  try {
    return await session(await loginTo(database, system), from, (query) => readSelf(query, `${database.site}/${database.id}`));
  } catch (error) {
    return message(error);
  }
}

function apiOf(site: string, { role }: Side, other: Side): Viewpoint {
  const name = `RDS API of ${site}`;
  if (typeof role !== 'string') {
    const sees = role.is === 'primary' ? 'alive' : role.is === 'replica' ? 'unknown' : 'dead';
    return { name, sees, text: role.text };
  }
  // One region that is silent while another answers the same worker.
  const dead = typeof other.role !== 'string';
  return { name, sees: dead ? 'dead' : 'unknown', text: `${role}${dead ? '' : ' No other region answers either.'}` };
}

function port({ name: source, answer, is }: Side, viewpoint: string): Viewpoint {
  const name = `port of ${source}`;
  if (typeof is !== 'string')
    return {
      name,
      sees: is.recovering ? 'unknown' : 'alive',
      text: `${source} answers ${viewpoint}: it is a ${is.recovering ? 'standby' : 'primary and takes writes'}.`,
    };
  if (answer?.greets) return { name, sees: 'alive', text: `${source} answers ${viewpoint} at ${answer.where}.` };
  const why = answer ? `does not answer ${viewpoint} at ${answer.where} (${answer.text})` : `cannot be tried: ${is}`;
  return { name, sees: 'unknown', text: `${source} ${why}. Whether there is a way to it from here is not known.` };
}

function replica(old: Side, next: Side, samples: readonly Sample[] | string): Viewpoint {
  if (typeof next.is !== 'string') return receiver({ targetIs: next.is, targetName: next.name, source: old });
  const name = `receiver of ${next.name}`;
  if (typeof next.database === 'string') return { name, sees: 'unknown', text: next.database };
  const { replication } = next.database;
  if (replication === 'error') return { name, sees: 'dead', text: `RDS says that the replication of ${next.name} has failed.` };
  if (typeof samples === 'string') return { name, sees: 'unknown', text: samples };
  const [newest] = samples;
  if (!newest) return { name, sees: 'unknown', text: `CloudWatch has no lag of ${next.name}.` };
  const text = `${next.name} was ${told(newest.lag)} behind at ${iso(newest.at)}, as CloudWatch says.`;
  return { name, sees: newest.lag < recent && Date.now() - newest.at < recent ? 'alive' : 'unknown', text };
}

/** CloudWatch is told each minute. Milliseconds. */
const recent = 120_000;

function fromSamples(samples: readonly Sample[] | string, next: Side, why: string): Pick<Facts, 'atRisk' | 'atRiskText'> {
  const [newest] = typeof samples === 'string' ? [] : samples;
  if (typeof next.role === 'string' || next.role.is !== 'replica' || !newest) {
    const not = typeof samples === 'string' ? samples : newest ? `${next.name} is no replica.` : `CloudWatch has no lag of ${next.name}.`;
    return { atRisk: null, atRiskText: `${why} ${not}` };
  }
  return {
    atRisk: { bytes: null, milliseconds: newest.lag },
    atRiskText: `about ${told(newest.lag)}: ${next.name} was so far behind at ${iso(newest.at)}, as CloudWatch says; how many bytes is not known`,
  };
}

function told(milliseconds: number): string {
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 1_000)} s`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function message(error: unknown): string {
  return (error as Error).message;
}
