import { service, type Caller } from '../../../activities/aws/client.ts';
import { isAws } from '../../../activities/aws/error.ts';
import type { Answer, Question } from './ask.ts';
import { expiry } from './expiry.ts';
import type { Local } from './of-site.ts';
import { span } from './span.ts';

/** A key of AWS is to be changed when it is so old, milliseconds. Source: docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html (IAM.3) */
const oldKey = 90 * 86_400_000;

/** What a region has of what the inventory names, and how long its certificates and keys are still good. */
export function awsQuestions(local: Local): Question[] {
  const { system, worker, folder, cloud } = local;
  if (folder.inventory.data.sites[worker]?.kind !== 'aws') return [];
  const caller = (signal: AbortSignal): Caller => cloud(signal);
  const ids = instancesOf(local);
  const database = system.rds !== undefined && system.rds.global === undefined ? system.rds.members[worker] : undefined;
  return [
    ...ids.map((id) => ({ subject: `instance ${id}`, ask: (signal: AbortSignal) => instance(id, worker, caller(signal)) })),
    ...(database === undefined
      ? []
      : [
          {
            subject: `certificate of ${database} at ${worker}`,
            ask: (signal: AbortSignal) => certificate(database, worker, caller(signal)),
          },
        ]),
    { subject: `key of AWS at ${worker}`, ask: (signal) => keyAge(worker, caller(signal)) },
  ];
}

/** Every instance that the inventory names at this site. */
function instancesOf({ system, worker, hosts }: Local): string[] {
  const named = Object.values(system.resources?.[worker] ?? {}).flat();
  const all = [...named, ...Object.values(hosts).flatMap(({ site, instance: id }) => (site === worker ? (id ?? []) : []))];
  return [...new Set(all.filter((value) => typeof value === 'string' && /^i-[0-9a-f]{8,17}$/u.test(value)))] as string[];
}

async function instance(id: string, site: string, caller: Caller): Promise<Answer> {
  const ec2 = await service('ec2', site, caller);
  const { Reservations = [] } = await ec2.describeInstances({ Filters: [{ Name: 'instance-id', Values: [id] }] });
  const state = Reservations.flatMap(({ Instances = [] }) => Instances)[0]?.State?.Name;
  if (state !== undefined && state !== 'terminated' && state !== 'shutting-down') return { seen: [`${id} at ${site} is ${state}.`] };
  const text = `The inventory names ${id} at ${site}, which is ${state ?? 'not there'}: correct the inventory, or bring it back.`;
  return { problems: [{ code: 'instance-gone', weight: 'must', text }] };
}

async function certificate(database: string, site: string, caller: Caller): Promise<Answer> {
  const rds = await service('rds', site, caller);
  const { DBInstances: [found] = [] } = await rds.describeDBInstances({ DBInstanceIdentifier: database });
  const until = found?.CertificateDetails?.ValidTill;
  return until === undefined ? { silent: true } : expiry(`The certificate of ${database} at ${site}`, until);
}

/** The age of a user's own key, where it may be read; a role's are made anew all the time. */
async function keyAge(site: string, caller: Caller): Promise<Answer> {
  const sts = await service('sts', site, caller);
  const { Arn = '' } = await sts.getCallerIdentity({});
  const user = /:user\/(?:.*\/)?([^/]+)$/u.exec(Arn)?.[1];
  if (user === undefined) return { seen: [`Steps at ${site} act as ${Arn}, whose keys are made anew all the time.`] };
  try {
    const iam = await service('iam', site, caller);
    const { AccessKeyMetadata = [] } = await iam.listAccessKeys({ UserName: user });
    const made = AccessKeyMetadata.flatMap(({ Status, CreateDate }) => (Status === 'Active' && CreateDate ? [CreateDate] : []));
    const age = Math.max(0, ...made.map((at) => Date.now() - at.getTime()));
    const seen = [`The oldest key of ${user} at ${site} is ${span(age)} old.`];
    if (age <= oldKey) return { seen };
    return { seen, problems: [{ code: 'key-old', weight: 'should', text: `${seen[0]} Change it, or let steps take on a role.` }] };
  } catch (error) {
    if (isAws(error, 'AccessDenied*')) return { seen: [`How old the key of ${user} is may not be read.`] };
    throw error;
  }
}
