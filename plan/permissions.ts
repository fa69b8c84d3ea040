import type { StepType } from '../activities/step.ts';
import { own } from './facts.ts';
import { jsonSchema } from './json-schema.ts';
import type { Action, Plan } from './plan.ts';

/** A policy document of IAM. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}
interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: '*';
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: string | readonly string[] } };
}

/** What a role needs at one AWS site for a runbook, and no more. */
export interface SitePolicy {
  readonly site: string;
  readonly region: string;
  readonly account: string | null;
  readonly role: string | null;
  readonly policy: Policy;
}

export type Purpose = 'live' | 'rehearsal';
type Phase = keyof NonNullable<StepType['iam']>;

const phases: { readonly [purpose in Purpose]: readonly Phase[] } = {
  live: ['preflight', 'execute', 'undo'],
  rehearsal: ['preflight', 'rehearse', 'undo'],
};

/** The actions that a step's type calls at each AWS site that its input names, for these phases. */
export function actionsOf(
  action: Action,
  types: ReadonlyMap<string, StepType>,
  wanted: readonly Phase[],
): { readonly [site: string]: readonly string[] } {
  const type = types.get(action.uses);
  const actions = wanted.flatMap((phase) => type?.iam?.[phase] ?? []);
  if (type === undefined || actions.length === 0) return {};
  const fields = Object.entries(jsonSchema(type.input).properties ?? {}).filter(([, { lifeboat }]) => lifeboat === 'site');
  const sites = fields.flatMap(([field]) => {
    const named = own(action.with, field);
    return typeof named === 'string' ? [named] : [];
  });
  return Object.fromEntries(sites.map((site) => [site, withImplied(actions)]));
}

/**
 * The least that each site's role needs for a run of a plan. A live role removes and undoes only what Lifeboat made; a rehearsal's
 * makes only what is tagged as a rehearsal's and changes nothing else.
 * @param always what every run calls beside its steps.
 */
export function policies(plan: Plan, types: readonly StepType[], purpose: Purpose, always: readonly string[]): readonly SitePolicy[] {
  const byName = new Map(types.map((type) => [type.name, type]));
  const needed = new Map<string, Set<string>>();
  const add = (site: string, actions: readonly string[]): void => {
    const known = needed.get(site) ?? new Set();
    for (const action of actions) known.add(action);
    needed.set(site, known);
  };
  for (const node of plan.steps) {
    if (node.kind !== 'step') continue;
    for (const action of [node.action, ...node.else])
      for (const [site, actions] of Object.entries(actionsOf(action, byName, phases[purpose]))) add(site, actions);
  }
  for (const site of new Set([plan.source.site, plan.target.site])) if (plan.sites[site]?.aws) add(site, always);
  return [...needed].flatMap(([site, actions]) => {
    const aws = plan.sites[site]?.aws;
    if (!aws) return [];
    const { region, account = null, role } = aws;
    return [{ site, region, account, role: role?.arn ?? null, policy: document([...actions].sort(), region, purpose) }];
  });
}

/** Services of which there is one for all regions; their calls are counted to us-east-1. */
const global = /^(?:route53|iam|sts|health):/u;
const reads = /:(?:Describe|Get|List|Head|Simulate|Test)/u;
const creates = /:(?:Run|Create|Copy|Restore|Register|Allocate|Import)/u;
const removes = /:(?:Terminate|Delete|Deregister|Release)/u;
/** Objects, records and metrics carry no tags of ours: what may be done to them is said by names, in the runbook. */
const untagged = /^(?:s3|route53|cloudwatch|sts|iam|kms|secretsmanager|servicequotas):/u;

function document(actions: readonly string[], region: string, purpose: Purpose): Policy {
  const here = actions.filter((action) => !global.test(action));
  const everywhere = actions.filter((action) => global.test(action));
  const changes = here.filter((action) => !reads.test(action) && !untagged.test(action) && !tagging.has(action));
  const allow: Statement[] = [
    ...(here.length > 0 ? [statement('Calls', 'Allow', here, { StringEquals: { 'aws:RequestedRegion': region } })] : []),
    ...(everywhere.length > 0 ? [statement('GlobalCalls', 'Allow', everywhere)] : []),
  ];
  const deny = purpose === 'live' ? onlyOurs(changes) : onlyRehearsals(changes);
  return { Version: '2012-10-17', Statement: [...allow, ...deny] };
}

/** Nothing is removed that Lifeboat did not make. */
function onlyOurs(changes: readonly string[]): Statement[] {
  const some = changes.filter((action) => removes.test(action));
  return some.length === 0 ? [] : [statement('RemoveOnlyOurs', 'Deny', some, { Null: { 'aws:ResourceTag/lifeboat:key': 'true' } })];
}

function onlyRehearsals(changes: readonly string[]): Statement[] {
  const made = changes.filter((action) => creates.test(action));
  const touched = changes.filter((action) => !creates.test(action));
  return [
    ...(made.length === 0
      ? []
      : [statement('MakeOnlyRehearsals', 'Deny', made, { StringNotEquals: { 'aws:RequestTag/lifeboat:purpose': 'rehearsal' } })]),
    ...(touched.length === 0
      ? []
      : [statement('TouchOnlyRehearsals', 'Deny', touched, { StringNotEquals: { 'aws:ResourceTag/lifeboat:purpose': 'rehearsal' } })]),
  ];
}

const tagging = new Set(['ec2:CreateTags', 'rds:AddTagsToResource', 'autoscaling:CreateOrUpdateTags']);

/** What AWS asks for beside a call: to tag what is made. Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html */
function withImplied(actions: readonly string[]): readonly string[] {
  const more = actions.flatMap((action) => {
    if (!creates.test(action)) return [];
    return action.startsWith('ec2:') ? ['ec2:CreateTags'] : action.startsWith('rds:') ? ['rds:AddTagsToResource'] : [];
  });
  return [...new Set([...actions, ...more])].sort();
}

function statement(sid: string, effect: Statement['Effect'], actions: readonly string[], condition?: Statement['Condition']): Statement {
  return { Sid: sid, Effect: effect, Action: actions, Resource: '*', ...(condition === undefined ? {} : { Condition: condition }) };
}
