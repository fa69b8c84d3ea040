import { z } from 'zod';
import type { SystemFacts } from '../../plan/plan.ts';
import { looking, type removing } from '../ec2/actions.ts';
import type { StepDefinition } from '../step.ts';

export type Purpose = 'live' | 'rehearsal';
/** IAM actions by AWS site, in order. */
export type Needs = { readonly [site: string]: readonly string[] };
export type Declared = Pick<StepDefinition<unknown, unknown>, 'name' | 'input' | 'iam' | 'iamAt' | 'iamAcross' | 'iamIf'>;

export interface RunOfNeeds {
  readonly system: Pick<SystemFacts, 'rds' | 'traffic'>;
  readonly source: { readonly site: string };
  readonly target: { readonly site: string };
  readonly notify?: unknown;
}

const phases = { live: ['preflight', 'execute', 'undo'], rehearsal: ['preflight', 'rehearse', 'undo'] } as const;

/** What has to be known of the run for which a step is. */
export interface Surroundings {
  readonly purpose: Purpose;
  /** The target site. */
  readonly target: string;
  /** The account of a site; undefined where it is not known. */
  account(site: string): string | undefined;
}

/**
 * What the role of each AWS site that a step's input names must be allowed for it, what AWS asks for beside the calls included.
 * A site that the input leaves out is the target.
 */
export function needsOfStep(type: Declared, input: unknown, { purpose, target, account }: Surroundings): Needs {
  const declared = phases[purpose].flatMap((phase) => type.iam?.[phase] ?? []);
  const places = declared.length === 0 ? [] : sitePaths(type.input).map((path) => ({ path, site: siteAt(input, path, target) }));
  const accounts = new Set(places.flatMap(({ site }) => (site === undefined ? [] : [account(site)])));
  const across = accounts.size > 1 || accounts.has(undefined);
  const actions = declared.filter((action) => isGranted(action, type, input) && (across || !type.iamAcross?.includes(action)));
  const found = new Map<string, Set<string>>();
  for (const { path, site } of places) {
    const here = type.iamAt?.[path.join('.')];
    const ofSite = here ? actions.filter((action) => here.includes(action)) : actions;
    if (site !== undefined) add(found, site, withImplied(purpose === 'rehearsal' ? withSweep(ofSite) : ofSite));
  }
  for (const site of secretSites(input)) add(found, site, ['secretsmanager:GetSecretValue']);
  return sorted(found);
}

/** What a run of a system calls beside its steps: to find out who serves and what may be lost, and to read its secrets. */
export function needsOfRun({ system, source, target, notify }: RunOfNeeds): Needs {
  const found = new Map<string, Set<string>>();
  for (const site of [source.site, target.site]) {
    if (system.rds?.members[site] !== undefined) add(found, site, databaseActions(system.rds.global !== undefined));
    if (system.traffic && system.rds === undefined) add(found, site, ['route53:ListResourceRecordSets']);
  }
  for (const site of secretSites([system, notify])) add(found, site, ['secretsmanager:GetSecretValue']);
  return sorted(found);
}

function databaseActions(global: boolean): readonly string[] {
  return [
    'cloudwatch:GetMetricData',
    'ec2:DescribeRegions',
    ...(global ? ['rds:DescribeDBClusters', 'rds:DescribeGlobalClusters'] : ['rds:DescribeDBInstances']),
  ];
}

/** To ask IAM whether the rest is allowed. */
export const toAsk = 'iam:SimulatePrincipalPolicy';
/** Anybody may ask who they are. Source: docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
const free = 'sts:GetCallerIdentity';

function isGranted(action: string, { iamIf }: Declared, input: unknown): boolean {
  const fields = iamIf?.[action];
  return action !== free && (fields === undefined || fields.some((field) => valueAt(input, field.split('.')) !== undefined));
}

/**
 * To tag what is made: docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html,
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-grant-permissions-tags-on-create.html.
 * To use keys through the service: docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html,
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html.
 * To ask whether all this is allowed: docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html.
 */
const implied: readonly (readonly [what: RegExp, actions: readonly string[]])[] = [
  [/^ec2:(?:Run|Create|Copy|Register|Import)/u, ['ec2:CreateTags']],
  [/^rds:(?:Create|Copy|Restore)/u, ['rds:AddTagsToResource']],
  [
    /^ec2:(?:RunInstances|StartInstances|CreateVolume|AttachVolume|CopySnapshot|CopyImage)$/u,
    ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
  ],
  [/^rds:(?:Copy|Restore|CreateDBInstanceReadReplica)/u, ['kms:CreateGrant', 'kms:DescribeKey']],
  [/:/u, [toAsk]],
];

function withImplied(actions: readonly string[]): readonly string[] {
  if (actions.length === 0) return [];
  return [...actions, ...implied.flatMap(([what, more]) => (actions.some((action) => what.test(action)) ? more : []))];
}

type Removal = (typeof removing)[number];
/** What a rehearsal makes by each call it takes away by these: where it may not, it makes nothing. */
const takenAway: readonly (readonly [what: RegExp, by: readonly Removal[]])[] = [
  [/^ec2:RunInstances$/u, ['ec2:TerminateInstances']],
  [/^ec2:CreateVolume$/u, ['ec2:DeleteVolume']],
  [/^ec2:(?:CreateSnapshots|CopySnapshot)$/u, ['ec2:DeleteSnapshot']],
  [/^ec2:(?:CreateImage|CopyImage|RegisterImage)$/u, ['ec2:DeregisterImage', 'ec2:DeleteSnapshot']],
  [/^ec2:CreateSecurityGroup$/u, ['ec2:DeleteSecurityGroup']],
  [/^rds:Restore/u, ['rds:DeleteDBInstance']],
  [/^rds:(?:CreateDBSnapshot|CopyDBSnapshot)$/u, ['rds:DeleteDBSnapshot']],
];

/** What there is to be swept is looked for at every site at which a rehearsal acts. */
function withSweep(actions: readonly string[]): readonly string[] {
  if (actions.length === 0) return [];
  const away = takenAway.flatMap(([what, by]) => (actions.some((action) => what.test(action)) ? by : []));
  return [...new Set([...actions, ...looking.filter((action) => action !== free), ...away])];
}

function add(found: Map<string, Set<string>>, site: string, actions: readonly string[]): void {
  found.set(site, new Set([...(found.get(site) ?? []), ...actions]));
}

function sorted(found: ReadonlyMap<string, ReadonlySet<string>>): Needs {
  return Object.fromEntries([...found].map(([site, actions]) => [site, [...actions].sort()]));
}

interface Schema {
  readonly lifeboat?: string;
  readonly properties?: { readonly [field: string]: Schema };
  readonly anyOf?: readonly Schema[];
}
const paths = new WeakMap<z.ZodType, readonly (readonly string[])[]>();

/** Where in an input an AWS site is named. */
function sitePaths(schema: z.ZodType): readonly (readonly string[])[] {
  const known = paths.get(schema) ?? pathsIn(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema);
  paths.set(schema, known);
  return known;
}

function pathsIn({ lifeboat, properties = {}, anyOf = [] }: Schema): (readonly string[])[] {
  if (lifeboat === 'site') return [[]];
  const below = Object.entries(properties).flatMap(([field, schema]) => pathsIn(schema).map((path) => [field, ...path]));
  return [...below, ...anyOf.flatMap(pathsIn)];
}

function siteAt(input: unknown, path: readonly string[], target: string): string | undefined {
  const value = valueAt(input, path);
  if (typeof value === 'string') return value;
  return value === undefined && path.length === 1 ? target : undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, field) => (typeof at === 'object' && at !== null && Object.hasOwn(at, field) ? (at as Record<string, unknown>)[field] : undefined),
    value,
  );
}

/** Sites at which secrets are read, by references such as `aws:us-west-2:shop/app#password`. */
function secretSites(value: unknown): readonly string[] {
  if (typeof value === 'string') return /^aws:([^:]+):./u.exec(value)?.slice(1, 2) ?? [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretSites) : [];
}
