import { z } from 'zod';
import { StepError } from '../error.ts';
import type { StepContext, StepDefinition } from '../step.ts';
import { service } from './client.ts';
import { isAws } from './error.ts';

type Declared = Pick<StepDefinition<unknown, unknown>, 'name' | 'input' | 'iam'>;

/** One call of IAM takes this many actions. Source: docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
const most = 100;
/** What was asked is good for this long, milliseconds: many steps of one run ask the same. */
const fresh = 60_000;
const asked = new Map<string, { readonly at: number; readonly denied: Promise<readonly string[] | null> }>();

/**
 * Asks IAM whether the role of each site that the input names may call what the type declares. Only reads.
 * @throws StepError `aws-permission`, which names the actions that are denied.
 */
export async function permitted(type: Declared, input: unknown, context: StepContext): Promise<readonly string[]> {
  const phases = context.run.live ? (['preflight', 'execute', 'undo'] as const) : (['preflight', 'execute', 'undo', 'rehearse'] as const);
  const actions = [...new Set(phases.flatMap((phase) => type.iam?.[phase] ?? []))].sort();
  if (actions.length === 0) return [];
  const lines = await Promise.all(sitesIn(type, input).map((site) => atSite(type.name, site, actions, context)));
  return lines.flat();
}

async function atSite(name: string, site: string, actions: readonly string[], context: StepContext): Promise<string[]> {
  const { role } = context.aws(site);
  if (role === undefined) return [];
  const key = JSON.stringify([context.aws(site), actions, context.run.live]);
  let known = asked.get(key);
  if (!known || Date.now() - known.at > fresh)
    asked.set(key, (known = { at: Date.now(), denied: simulate(role.arn, site, actions, context) }));
  known.denied.catch(() => asked.delete(key));
  const denied = await known.denied;
  if (denied === null) return [`Whether ${role.arn} may call all that ${name} calls could not be asked: IAM does not let it ask.`];
  if (denied.length === 0) return [`${role.arn} may call the ${actions.length} actions of ${name} at ${site}.`];
  asked.delete(key);
  throw new StepError(
    'aws-permission',
    `${role.arn} may not call ${denied.join(', ')}, which ${name} calls at ${site}: add it to its policy; "lifeboat iam" prints the whole of it`,
    'person',
  );
}

/** Null: it cannot be asked. */
async function simulate(arn: string, site: string, actions: readonly string[], context: StepContext): Promise<readonly string[] | null> {
  const iam = await service('iam', site, context);
  const purpose = context.run.live ? 'live' : 'rehearsal';
  // As the calls will be: in this region, on what is tagged as ours.
  const entries = {
    'aws:RequestedRegion': context.aws(site).region,
    'aws:RequestTag/lifeboat:purpose': purpose,
    'aws:ResourceTag/lifeboat:purpose': purpose,
    'aws:ResourceTag/lifeboat:key': context.key,
  };
  const ContextEntries = Object.entries(entries).map(([ContextKeyName, value]) => ({
    ContextKeyName,
    ContextKeyValues: [value],
    ContextKeyType: 'string' as const,
  }));
  const denied: string[] = [];
  try {
    for (let from = 0; from < actions.length; from += most) {
      const ActionNames = actions.slice(from, from + most);
      const { EvaluationResults = [] } = await iam.simulatePrincipalPolicy({ PolicySourceArn: arn, ActionNames, ContextEntries });
      for (const { EvalActionName, EvalDecision } of EvaluationResults)
        if (EvalActionName && EvalDecision !== 'allowed') denied.push(EvalActionName);
    }
  } catch (error) {
    if (isAws(error, 'AccessDenied*', 'NotImplemented', 'NoSuchEntity*')) return null;
    throw error;
  }
  return denied;
}

function sitesIn(type: Declared, input: unknown): readonly string[] {
  const schema = z.toJSONSchema(type.input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: { [field: string]: { lifeboat?: string } };
  };
  const values = input as { readonly [field: string]: unknown };
  const named = Object.entries(schema.properties ?? {}).flatMap(([field, { lifeboat }]) => (lifeboat === 'site' ? [values[field]] : []));
  return [...new Set(named.filter((value) => typeof value === 'string'))];
}
