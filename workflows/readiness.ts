import { ApplicationFailure, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { control, problemOf } from './activities.ts';
import { now } from './journal.ts';
import { leftovers } from './readiness/leftovers.ts';
import { sameRunbooks } from './readiness/same-runbooks.ts';
import { nothing, silent } from './readiness/silent.ts';
import { temporalHere } from './readiness/temporal-here.ts';
import { readinessText } from './readiness/text.ts';
import { bounded, judged, lookedOf } from './readiness/verdict.ts';
import { recall } from './recall.ts';
import { controlQueue, siteQueue } from './wire.ts';
import type { BorrowAnswer, BorrowInput, Look, Readiness, ReadinessInput, ReadyAnswer, Survey } from './wire.ts';

/** One question, and all of a queue, milliseconds: what is late is said to be before the queue's own time is up. */
const patience = { within: 7_000, whole: 16_000 } as const;
/** A machine that is busy with other work is slow to say that it lives. */
const ofQueue = { scheduleToStartTimeout: 8_000, startToCloseTimeout: 18_000, scheduleToCloseTimeout: 20_000, heartbeatTimeout: 6_000 };

/**
 * Looks whether a system could be recovered now: at every site that would do a part of it, in the direction that is needed now and in
 * the other one. Changes nothing, but takes away what rehearsals left and is expired. Ends normally either way. The name is a name on
 * the wire.
 */
export async function readiness(input: ReadinessInput): Promise<Readiness> {
  const { system } = typed(input);
  const survey = await surveyed(system);
  await known(system, survey);
  const looks = [...survey.looks, ...(survey.sites.length > 0 ? await look(system, survey) : [])];
  const result = judged(system, looks, survey.accepted, now());
  show(result, survey.attributes);
  await told(result, survey);
  return bounded(result);
}

async function surveyed(system: string): Promise<Survey> {
  try {
    const options = { startToCloseTimeout: 9_000, scheduleToCloseTimeout: 10_000 };
    return await control(`where ${system} could be moved`, options)['run.survey']({ system });
  } catch (error) {
    return nothing('runbooks', problemOf(error));
  }
}

async function look(system: string, { ways, sites }: Survey): Promise<readonly Look[]> {
  const ask = (queue: string, of: 'whole' | 'site', summary: string): Promise<ReadyAnswer> =>
    control(summary, { taskQueue: queue, ...ofQueue })['run.ready']({ system, of, ways, ...patience });
  const [whole, left, ...atSites] = await Promise.all([
    ask(controlQueue, 'whole', `what is known of ${system}`).catch((error: unknown) => silent('what is known', problemOf(error))),
    leftovers(system),
    ...sites.map((site) =>
      ask(siteQueue(site), 'site', `look from ${site}`).catch((error: unknown) => silent(`worker ${site}`, problemOf(error), site)),
    ),
  ]);
  return [...whole.looks, ...atSites.flatMap(({ looks }) => looks), ...sameRunbooks(atSites), ...temporalHere(atSites, ways), ...left];
}

/** From now on the workflow that stands for the system is there, and hears what was found. */
async function known(system: string, { pinned, attributes }: Survey): Promise<void> {
  const borrow = (request: BorrowInput): Promise<BorrowAnswer> =>
    control(`${system} is known`, { scheduleToCloseTimeout: '6 seconds' })['run.borrow'](request);
  const request: BorrowInput = {
    system,
    kind: 'readiness',
    live: false,
    shares: true,
    active: pinned?.source.site ?? '',
    epoch: 0,
    attributes,
  };
  try {
    if (pinned === null) return;
    const answer = await borrow({ ...request, recalled: null });
    if (!answer.granted && answer.lost) await borrow({ ...request, recalled: await recall({ pinned }) });
  } catch {
    // What asks it tells that it is silent.
  }
}

async function told(result: Readiness, { promised, notify, pinned }: Survey): Promise<void> {
  const { system, ready } = result;
  await control(ready ? 'ready' : 'not ready', { scheduleToCloseTimeout: '20 seconds' })
    ['run.return']({
      system,
      epoch: null,
      serving: null,
      verdict: ready ? 'ready' : 'not ready',
      fences: [],
      looked: lookedOf(result),
      // Where the inventory could not be read, nothing is known of what it promises.
      ...(pinned === null ? {} : { promised, notify }),
    })
    .catch(() => undefined);
}

function show(result: Readiness, attributes: readonly string[]): void {
  setCurrentDetails(readinessText(result));
  const values = { LifeboatSystem: result.system, LifeboatKind: 'readiness', LifeboatState: result.ready ? 'ready' : 'not ready' };
  // An attribute that the server does not know would fail the workflow task for ever.
  const fit = Object.entries(values).filter(([name]) => attributes.includes(name));
  if (fit.length > 0) upsertSearchAttributes(fit.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value })));
}

function typed(input: unknown): ReadinessInput {
  const { system } = (typeof input === 'object' && input !== null ? input : {}) as Partial<ReadinessInput>;
  if (typeof system === 'string' && system !== '' && system.length <= 200) return input as ReadinessInput;
  throw ApplicationFailure.nonRetryable('the input names no system: start it with an input such as {"system":"orders"}', 'input');
}
