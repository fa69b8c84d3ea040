import type { Whole } from './compile.ts';
import type { Action, Plan } from './plan.ts';

/** A policy document of IAM. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
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
/** IAM actions by AWS site. */
type Needs = { readonly [site: string]: readonly string[] };
/** What is to be allowed, as the step types tell it. */
export interface Needed {
  ofStep(action: Action, plan: Plan): Needs;
  ofRun(plan: Plan): Needs;
}

/** What is to be allowed at a site, and the regions that it copies from. */
interface Grant {
  readonly actions: Set<string>;
  readonly from: Set<string>;
}

/**
 * The least that each site's role needs for runs of these plans, whichever of them it is. A live role removes only what Lifeboat
 * made; a rehearsal's makes only what is tagged as a rehearsal's, and changes nothing else.
 */
export function policies(wholes: readonly Whole[], needed: Needed, purpose: Purpose): readonly SitePolicy[] {
  const grants = new Map<string, Grant>();
  const grantOf = (site: string): Grant => {
    const known = grants.get(site) ?? { actions: new Set(), from: new Set() };
    grants.set(site, known);
    return known;
  };
  const plans = wholes.flatMap(({ plan, children }) => [plan, ...[...children.values()].flat()]);
  for (const plan of plans) {
    for (const [site, actions] of Object.entries(needed.ofRun(plan))) for (const action of actions) grantOf(site).actions.add(action);
    for (const action of actionsOf(plan)) {
      const needs = Object.entries(needed.ofStep(action, plan));
      for (const [site, actions] of needs) {
        const grant = grantOf(site);
        for (const one of actions) grant.actions.add(one);
        if (actions.some((one) => copies.test(one))) for (const [other] of needs) grant.from.add(plan.sites[other]?.aws?.region ?? '');
      }
    }
  }
  const facts = Object.assign({}, ...plans.map(({ sites }) => sites)) as Plan['sites'];
  return [...grants].flatMap(([site, { actions, from }]) => {
    const aws = facts[site]?.aws;
    if (!aws || actions.size === 0) return [];
    const { region, account = null, role } = aws;
    const regions = [...new Set([region, ...from].filter((one) => one !== ''))].sort();
    const policy = document([...actions].sort(), { region, regions, role: role?.arn ?? '*' }, purpose);
    return [{ site, region, account, role: role?.arn ?? null, policy }];
  });
}

function actionsOf({ steps }: Plan): readonly Action[] {
  return steps.flatMap((node) => (node.kind === 'step' ? [node.action, ...node.else] : []));
}

interface Place {
  readonly region: string;
  /** That one, and those that are copied from. */
  readonly regions: readonly string[];
  /** ARN of the role, or `*` where it is not known. */
  readonly role: string;
}

/** Services of which there is one for all regions; their calls are counted to us-east-1. */
const global = /^(?:route53|iam):/u;
/**
 * A copy is asked for in both regions, by a signed request in the one that is copied from.
 * Source: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html (PresignedUrl).
 */
const copies = /^(?:ec2:CopySnapshot|ec2:CopyImage|rds:CopyDBSnapshot|rds:CreateDBInstanceReadReplica)$/u;
/** What services do with keys in the role's name. What the role itself does with a key is only to look at it. */
const keys = /^kms:(?!DescribeKey$)/u;
const own = new Set(['iam:PassRole', 'iam:SimulatePrincipalPolicy']);

function document(actions: readonly string[], { region, regions, role }: Place, purpose: Purpose): Policy {
  const plain = actions.filter((action) => !keys.test(action) && !own.has(action));
  const within = (some: readonly string[]) => ({ StringEquals: { 'aws:RequestedRegion': some } });
  const allow = [
    ...statement(
      'Calls',
      'Allow',
      plain.filter((action) => !global.test(action) && !copies.test(action)),
      '*',
      within([region]),
    ),
    ...statement(
      'Copies',
      'Allow',
      plain.filter((action) => copies.test(action)),
      '*',
      within(regions),
    ),
    ...statement(
      'GlobalCalls',
      'Allow',
      plain.filter((action) => global.test(action)),
      '*',
    ),
    ...statement(
      'AskWhatIsAllowed',
      'Allow',
      actions.filter((action) => action === 'iam:SimulatePrincipalPolicy'),
      role,
    ),
    ...statement(
      'PassRoles',
      'Allow',
      actions.filter((action) => action === 'iam:PassRole'),
      '*',
      { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    ),
    ...statement(
      'KeysThroughServices',
      'Allow',
      actions.filter((action) => keys.test(action)),
      '*',
      { StringLike: { 'kms:ViaService': ['ec2.*.amazonaws.com*', 'rds.*.amazonaws.com*'] }, ...onlyGrantsForAws },
    ),
  ];
  return { Version: '2012-10-17', Statement: [...allow, ...(purpose === 'live' ? onlyOurs(plain) : onlyRehearsals(plain))] };
}

/** Calls that make no grant do not have this key. */
const onlyGrantsForAws = { BoolIfExists: { 'kms:GrantIsForAWSResource': 'true' } };

const removes = /^(?:ec2|rds):(?:Terminate|Delete|Deregister|Release)(?!Tags)/u;

/** Nothing is removed that Lifeboat did not make. */
function onlyOurs(actions: readonly string[]): readonly Statement[] {
  const some = actions.filter((action) => removes.test(action));
  return statement('RemoveOnlyOurs', 'Deny', some, '*', { Null: { 'aws:ResourceTag/lifeboat:key': 'true' } });
}

/**
 * What each call makes, for beside it stand what it is made of, and the network that it is put into: these carry no tags of the request.
 * `$` and `{*}`: the copy itself, which has no id yet. Sources: docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
 * …/list_amazonrds.html, docs.aws.amazon.com/ebs/latest/userguide/security_iam_id-based-policy-examples.html.
 */
const made: { readonly [action: string]: readonly string[] } = {
  'ec2:CopyImage': ['ec2:*:*:image/${*}'],
  'ec2:CopySnapshot': ['ec2:*:*:snapshot/${*}'],
  'ec2:CreateImage': ['ec2:*:*:image/*'],
  'ec2:CreateSecurityGroup': ['ec2:*:*:security-group/*'],
  'ec2:CreateSnapshots': ['ec2:*:*:snapshot/*'],
  'ec2:CreateVolume': ['ec2:*:*:volume/*'],
  'ec2:RegisterImage': ['ec2:*:*:image/*'],
  'ec2:RunInstances': ['ec2:*:*:instance/*', 'ec2:*:*:volume/*'],
  'rds:CopyDBSnapshot': ['rds:*:*:snapshot:*'],
  'rds:CreateDBInstanceReadReplica': ['rds:*:*:db:*'],
  'rds:CreateDBSnapshot': ['rds:*:*:snapshot:*'],
  'rds:RestoreDBInstanceFromDBSnapshot': ['rds:*:*:db:*'],
  'rds:RestoreDBInstanceToPointInTime': ['rds:*:*:db:*'],
};
const tags = ['ec2:CreateTags', 'rds:AddTagsToResource', 'autoscaling:CreateOrUpdateTags'];
const reads = /:(?:Describe|Get|List|Head)/u;
/** Objects, records and secrets carry no tags of ours: what a rehearsal does with them it does under names of its own. */
const tagged = /^(?:ec2|rds|autoscaling):/u;

const notRehearsals = (kind: 'Request' | 'Resource') => ({ StringNotEquals: { [`aws:${kind}Tag/lifeboat:purpose`]: 'rehearsal' } });

function onlyRehearsals(actions: readonly string[]): readonly Statement[] {
  const changes = actions.filter((action) => tagged.test(action) && !reads.test(action));
  const making = changes.filter((action) => Object.hasOwn(made, action));
  const tagging = changes.filter((action) => tags.includes(action));
  const touching = changes.filter((action) => !making.includes(action) && !tagging.includes(action));
  const resources = [...new Set(making.flatMap((action) => made[action] ?? []))];
  return [
    ...resources.flatMap((resource, index) =>
      statement(
        `MakeOnlyRehearsals${index + 1}`,
        'Deny',
        making.filter((action) => made[action]!.includes(resource)),
        `arn:*:${resource}`,
        notRehearsals('Request'),
      ),
    ),
    ...statement('TouchOnlyRehearsals', 'Deny', touching, '*', notRehearsals('Resource')),
    // With what is made tags come too. Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    ...statement(
      'TagOnlyRehearsals',
      'Deny',
      tagging.filter((action) => action.startsWith('ec2:')),
      '*',
      { Null: { 'ec2:CreateAction': 'true' }, ...notRehearsals('Resource') },
    ),
  ];
}

function statement(
  sid: string,
  effect: Statement['Effect'],
  actions: readonly string[],
  resource: Statement['Resource'],
  condition?: Statement['Condition'],
): readonly Statement[] {
  if (actions.length === 0) return [];
  return [{ Sid: sid, Effect: effect, Action: actions, Resource: resource, ...(condition === undefined ? {} : { Condition: condition }) }];
}
