import type { SystemFacts } from '../../../plan/plan.ts';
import type { Promised, Provable, Shortfall, SystemState } from '../../../workflows/wire.ts';
import type { Answer, Question } from './ask.ts';
import { span } from './span.ts';

const names: { readonly [what in Exclude<Provable, 'readiness'>]: string } = {
  backup: 'backup that was restored and compared',
  rehearsal: 'rehearsal that passed',
  exercise: 'live exercise',
};

/** What the system's workflow knows of it: fences that stand, whether it may be moved at all, and how old its proofs are. */
export function knownQuestions(system: SystemFacts, promised: Promised, state: () => Promise<SystemState | null>): Question[] {
  const kinds = Object.keys(names) as (keyof typeof names)[];
  return [
    { subject: 'protection', ask: async () => protection(await state()) },
    ...Object.values(system.postgres?.members ?? {}).map((host) => ({
      subject: `fence ${host}`,
      ask: async () => fence(host, await state()),
    })),
    ...kinds.flatMap((what) => {
      const every = promised[what];
      return every === undefined ? [] : [{ subject: `last ${what}`, ask: async () => lastOf(what, every, await state()) }];
    }),
  ];
}

function protection(state: SystemState | null): Answer {
  if (state === null) return { seen: ['No run of this system is known.'] };
  const { stopped, unprotectedSince, holder, system } = state;
  const problems: Shortfall[] = [];
  if (stopped) problems.push(must('stopped', `${system} was stopped by ${stopped.by}: ${stopped.reason}. lifeboat resume ${system}`));
  if (unprotectedSince !== null)
    problems.push(must('unprotected', `${system} is unprotected since ${unprotectedSince}: nothing follows the site that serves.`));
  if (holder?.live) problems.push(must('held', `${system} is held by ${holder.workflowId} since ${holder.since}.`));
  return { seen: [`${state.active ?? 'No site that is known'} served it last, epoch ${state.epoch}.`], problems };
}

function fence(host: string, state: SystemState | null): Answer {
  const stands = state?.fences.find((one) => one.host === host);
  if (stands === undefined) return { seen: [`No fence stands against ${host}.`] };
  const text = `A fence stands against ${host} since ${stands.at} (${stands.by}): nothing can be moved to it before a failback, or lifeboat run with fence.lift.`;
  return { problems: [must('fence-stands', text)] };
}

function lastOf(what: keyof typeof names, every: number, state: SystemState | null): Answer {
  const last = state?.proven?.[what];
  const promise = `one is promised every ${span(every)}`;
  if (last === undefined) return { problems: [must('never-proven', `No ${names[what]} is known; ${promise}.`)] };
  const age = Date.now() - Date.parse(last.at);
  const seen = `The last ${names[what]} was ${last.note} (${last.run}) ${span(age)} ago; ${promise}.`;
  return { seen: [seen], problems: age > every ? [must('too-old', seen)] : [] };
}

const must = (code: string, text: string): Shortfall => ({ code, weight: 'must', text });
