import { createHash } from 'node:crypto';
import { z } from 'zod';
import { account } from '../aws/account.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { step, type Outcome, type Proof, type StepContext, type StepType } from '../step.ts';
import { isolations } from './isolations.ts';
import { pendingAt } from './refuse-pending.ts';

const input = z.object({ site: siteName('The AWS site whose API answers again, by its name in the inventory.') });
const output = z.object({
  settled: z.array(z.string()).describe('What was cut off, as its fence is named; empty where nothing was pending.'),
});

/** Declares no proof: what it cuts off is no source of the run that it is in, which a promotion would ask for. */
export default step({
  name: 'fence.settle',
  summary:
    'Cuts off what could not be cut off while the API of a site did not answer, and puts the real fences in place of the pending ones.',
  effect: 'change',
  at: 'target',
  expected: 60_000,
  timeout: '15 minutes',
  retry: { times: 3, wait: '5 seconds' },
  input,
  output,
  example: { site: 'us-east-1' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', ...actions('preflight')],
    execute: ['sts:GetCallerIdentity', ...actions('execute')],
  },

  async preflight({ site }, context) {
    await account(site, context);
    const pending = await pendingAt(site, context);
    mayCut(site, pending, context);
    if (pending.length === 0) return [`No fence is pending at ${site}.`];
    const seen = await Promise.all(pending.map((fence) => isolation(fence).preflight(fence.with, contextOf(fence, context))));
    return [`Pending at ${site}: ${pending.map(({ host }) => host).join(', ')}.`, ...seen.flat()];
  },

  async execute({ site }, context) {
    const pending = await pendingAt(site, context);
    mayCut(site, pending, context);
    for (const fence of pending) await isolation(fence).execute(fence.with, contextOf(fence, context));
  },

  async verify({ site }, context): Promise<Outcome<z.infer<typeof output>>> {
    const pending = await pendingAt(site, context);
    const outcomes = await Promise.all(pending.map((fence) => isolation(fence).verify(fence.with, contextOf(fence, context))));
    const proofs = outcomes.flatMap(({ proofs: made = [] }) => made);
    for (const { host } of pending)
      if (!proofs.some((proof) => proof.kind === 'fence' && proof.host === host))
        throw new StepError('fence-pending', `nothing proves that ${host} at ${site} is cut off`, 'person');
    return {
      outputs: { settled: pending.map(({ host }) => host) },
      proofs,
      evidence: pending.length === 0 ? [`No fence is pending at ${site}.`] : outcomes.flatMap(({ evidence }) => evidence),
    };
  },

  rehearse: { none: 'In a rehearsal no region is lost, so no fence is owed.' },
  undo: { none: 'What it cuts off was to be cut off before the other site was promoted: opened again, it could take writes beside that.' },
});

/** What serves now is no longer what was to be cut off. */
function mayCut(site: string, pending: readonly Proof[], context: StepContext): void {
  if (pending.length === 0 || context.source.site !== site) return;
  throw new StepError(
    'serves',
    `${site} serves ${context.system.name} now, and ${pending.map(({ host }) => host).join(', ')} there would be cut off: nothing was done. Look which site serves; if it is ${site}, nothing is owed there any more`,
    'person',
  );
}

function isolation({ host, with: given }: Proof): StepType {
  const { uses } = z.object({ uses: z.string() }).parse(given);
  const type = isolations[uses];
  if (type) return type;
  throw new StepError('unknown-type', `the pending fence of ${host} names ${uses}, which this worker does not have`, 'mistake');
}

/** Each fence is an act of its own: its tokens and names are made of its own key. */
function contextOf({ host }: Proof, context: StepContext): StepContext {
  const key = createHash('sha256')
    .update(JSON.stringify([context.key, host]))
    .digest('hex')
    .slice(0, 40);
  return { ...context, key };
}

function actions(phase: 'preflight' | 'execute'): readonly string[] {
  return [...new Set(Object.values(isolations).flatMap(({ iam }) => iam?.[phase] ?? []))].filter((action) => !action.startsWith('sts:'));
}
