import type { StepContext } from '../step.ts';
import { StepError } from '../error.ts';
import { service } from './client.ts';
import { AwsError } from './error.ts';
import { needsOfRun, needsOfStep, toAsk, type Declared } from './needs.ts';

/** One call of IAM takes this many actions. Source: docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
const most = 100;
/** What was asked is good for this long, milliseconds: many steps of one run ask the same. */
const fresh = 60_000;
/** Longest that IAM is waited for, milliseconds: it may be down with the region that a run leaves behind. */
const patience = 3_000;

type Answer = { readonly denied: readonly string[] } | { readonly silent: string };
const asked = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();

/**
 * Asks IAM whether the role of each site that the input names may call what the type declares. Only reads.
 * Only a no stops a run: where IAM gives no answer, that is said, and the calls themselves tell.
 * @throws StepError `aws-permission`, which names the actions that are denied.
 */
export async function permitted(type: Declared, input: unknown, context: StepContext): Promise<readonly string[]> {
  if (type.iam === undefined) return [];
  const ofStep = needsOfStep(type, input, {
    purpose: context.run.live ? 'live' : 'rehearsal',
    target: context.target.site,
    account: (site) => context.aws(site).account,
  });
  const ofRun = needsOfRun(context);
  const sites = Object.entries(ofStep).map(([site, actions]) => {
    const all = new Set([...actions, ...(ofRun[site] ?? [])]);
    // Of the role itself alone it is allowed, and the answer tells it.
    all.delete(toAsk);
    return [site, [...all]] as const;
  });
  return (await Promise.all(sites.map(([site, actions]) => atSite(type.name, site, actions, context)))).flat();
}

async function atSite(name: string, site: string, actions: readonly string[], context: StepContext): Promise<readonly string[]> {
  const { role } = context.aws(site);
  // Of a user's or a machine's own credentials IAM would have to be asked under a name that they do not tell.
  if (role === undefined || actions.length === 0) return [];
  const answer = await ask(role.arn, site, actions, context);
  if ('silent' in answer) return [`Whether ${role.arn} may call all that ${name} calls at ${site} is not known: ${answer.silent}.`];
  if (answer.denied.length === 0) return [`${role.arn} may call the ${actions.length} actions that ${name} needs at ${site}.`];
  throw new StepError(
    'aws-permission',
    `${role.arn} may not call ${answer.denied.join(', ')}, which ${name} needs at ${site}: add it to its policy; "lifeboat iam" prints the whole of it`,
    'person',
  );
}

/** Asked once a run and minute; a no is asked again at once, for a person may have mended it. */
async function ask(role: string, site: string, actions: readonly string[], context: StepContext): Promise<Answer> {
  const now = Date.now();
  for (const [key, { at }] of asked) if (now - at > fresh) asked.delete(key);
  const key = JSON.stringify([context.run.runId, context.aws(site), [...actions].sort()]);
  const known = asked.get(key) ?? { at: now, answer: simulate(role, site, actions, context) };
  asked.set(key, known);
  const forget = (): void => void (asked.get(key) === known && asked.delete(key));
  const answer = await known.answer.catch((error: unknown) => {
    forget();
    throw error;
  });
  if ('denied' in answer && answer.denied.length > 0) forget();
  return answer;
}

async function simulate(role: string, site: string, actions: readonly string[], context: StepContext): Promise<Answer> {
  const late = AbortSignal.timeout(patience);
  // Others wait for the same answer: it does not end with the step that asked first.
  const caller = { aws: (named: string) => context.aws(named), run: { workflowId: context.run.workflowId }, signal: late };
  const ContextEntries = entries(site, actions, context);
  const denied: string[] = [];
  try {
    const iam = await service('iam', site, caller);
    for (let from = 0; from < actions.length; from += most) {
      const ActionNames = actions.slice(from, from + most);
      const { EvaluationResults = [] } = await iam.simulatePrincipalPolicy({ PolicySourceArn: role, ActionNames, ContextEntries });
      for (const { EvalActionName, EvalDecision } of EvaluationResults)
        if (EvalActionName && EvalDecision !== 'allowed') denied.push(EvalActionName);
    }
    return { denied };
  } catch (error) {
    if (late.aborted) return { silent: `IAM does not answer within ${patience / 1_000} s` };
    if (error instanceof AwsError) return { silent: error.message };
    throw error;
  }
}

/** As the calls will be: in this region, on what is tagged as ours, with keys that a service uses in our name. */
function entries(site: string, actions: readonly string[], context: StepContext) {
  const { region } = context.aws(site);
  const purpose = context.run.live ? 'live' : 'rehearsal';
  const through = actions.some((action) => action.startsWith('ec2:') && !action.startsWith('ec2:Describe')) ? 'ec2' : 'rds';
  const known = {
    'aws:RequestedRegion': region,
    'aws:RequestTag/lifeboat:purpose': purpose,
    'aws:ResourceTag/lifeboat:purpose': purpose,
    'aws:ResourceTag/lifeboat:key': context.key,
    'iam:PassedToService': 'ec2.amazonaws.com',
    'kms:ViaService': `${through}.${region}.amazonaws.com`,
  };
  return [
    ...Object.entries(known).map(([name, value]) => entry(name, value, 'string')),
    entry('kms:GrantIsForAWSResource', 'true', 'boolean'),
  ];
}

function entry<Type extends 'string' | 'boolean'>(name: string, value: string, type: Type) {
  return { ContextKeyName: name, ContextKeyValues: [value], ContextKeyType: type };
}
