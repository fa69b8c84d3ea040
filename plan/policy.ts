/** A policy document of IAM. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  /** Either this or the next. */
  readonly Resource?: string | readonly string[];
  /** All but these. */
  readonly NotResource?: string | readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: string | readonly string[] } };
}

export type Purpose = 'live' | 'rehearsal';
export interface Place {
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
export const copies = /^(?:ec2:CopySnapshot|ec2:CopyImage|rds:CopyDBSnapshot|rds:CreateDBInstanceReadReplica)$/u;
/** What services do with keys in the role's name. What the role itself does with a key is only to look at it. */
const keys = /^kms:(?!DescribeKey$)/u;
const own = new Set(['iam:PassRole', 'iam:SimulatePrincipalPolicy']);

/** What a role may do at a site: these actions there, and what a live run or a rehearsal must not do with them. */
export function document(actions: readonly string[], { region, regions, role }: Place, purpose: Purpose): Policy {
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
/** What each call changes, the first that fits, for beside it stand the groups that it is given. Sources: as above. */
const changed: readonly (readonly [what: RegExp, on: '*' | readonly string[]])[] = [
  [/^ec2:ModifyNetworkInterfaceAttribute$/u, ['ec2:*:*:network-interface/*']],
  [/^rds:/u, ['rds:*:*:db:*', 'rds:*:*:snapshot:*', 'rds:*:*:cluster:*', 'rds:*:*:cluster-snapshot:*']],
  [/:/u, '*'],
];
const tags = ['ec2:CreateTags', 'rds:AddTagsToResource'];
const reads = /:(?:Describe|Get|List|Head)/u;
/** Objects and records carry no tags of ours: what a rehearsal does with them it does under names of its own. */
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
    ...changed.flatMap(([what, on], index) =>
      statement(
        `TouchOnlyRehearsals${index + 1}`,
        'Deny',
        touching.filter((action) => changed.find(([one]) => one.test(action))?.[0] === what),
        on === '*' ? on : on.map((one) => `arn:*:${one}`),
        notRehearsals('Resource'),
      ),
    ),
    ...statement(
      'RecordsOnlyRehearsals',
      'Deny',
      actions.filter((action) => action === 'route53:ChangeResourceRecordSets'),
      '*',
      { 'ForAnyValue:StringNotLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'lifeboat-rehearsal-*' } },
    ),
    ...statement(
      'ObjectsOnlyRehearsals',
      'Deny',
      actions.filter((action) => /^s3:(?:Put|Delete)Object/u.test(action)),
      { not: 'arn:*:s3:::*/lifeboat-rehearsal-*' },
    ),
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

type Resources = string | readonly string[] | { readonly not: string };

function statement(
  sid: string,
  effect: Statement['Effect'],
  actions: readonly string[],
  on: Resources,
  condition?: Statement['Condition'],
): readonly Statement[] {
  if (actions.length === 0) return [];
  const resource = typeof on === 'object' && 'not' in on ? { NotResource: on.not } : { Resource: on };
  return [{ Sid: sid, Effect: effect, Action: actions, ...resource, ...(condition === undefined ? {} : { Condition: condition }) }];
}
