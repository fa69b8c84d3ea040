import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { control } from './activities.ts';
import { now } from './journal.ts';
import { chain } from './system/chain.ts';
import { changed } from './system/findings.ts';
import { givenBack, isHeld, shared, tellsAnything, wasHeard } from './system/give-back.ts';
import { lend, lost } from './system/lend.ts';
import { nextTime } from './system/next-time.ts';
import type { BorrowRequest, ReturnRequest } from './system/requests.ts';
import { isBlank, rebuilt, unknown } from './system/rebuild.ts';
import { attributed, heardWord } from './system/said.ts';
import { settle } from './system/settle.ts';
import { display, goOnAsNew } from './system/show.ts';
import { tell } from './tell.ts';
import type { BorrowAnswer, ChainAnswer, ChainRequest, FindingChange, Said, SystemState, Word } from './wire.ts';

/**
 * Stands for one system for as long as it is protected: who holds it, which site serves, which fences stand, what was proven when,
 * what was found and is not mended. Every loan carries an epoch higher than all before.
 */
export async function system(name: string, carried?: SystemState): Promise<void> {
  let state: SystemState = carried ?? unknown(name);
  let telling = 0;
  const show = display();
  const become = (next: SystemState): void => {
    const { state: settled, news } = settle(state, next, now());
    state = settled;
    for (const one of news) {
      telling += 1;
      void tell({ ...one, system: name, link: workflowInfo().workflowId, notify: state.notify ?? {} }).then(() => (telling -= 1));
    }
    show(state);
  };

  // Before the handlers: messages that wait are handled as soon as there is one for them, and what they say MUST stand.
  if (carried) become(carried);
  setHandler(defineQuery<SystemState>('state'), () => state, { description: 'All that is known of the system.' });
  setHandler(defineUpdate<BorrowAnswer, [BorrowRequest]>('borrow'), (request) => {
    const { attributes, recalled } = request;
    if (recalled === null && isBlank(state)) return lost(name);
    if (recalled && isBlank(state)) become(rebuilt(state, recalled, request.active, now()));
    const { answer, next } = lend(state, request, now());
    if (next !== null || (attributes?.length ?? 0) > (state.attributes?.length ?? 0))
      become({ ...(next ?? state), ...(attributes === undefined ? {} : { attributes }) });
    return answer;
  });
  setHandler(defineUpdate<void, [ReturnRequest]>('return'), (request) => {
    if (wasHeard(state, request)) return;
    if (isHeld(state, request)) become(givenBack(state, request, now()));
    else if (tellsAnything(request)) become(shared(state, request, now()));
  });
  setHandler(
    defineUpdate<void, [FindingChange]>('finding'),
    (change) => become({ ...state, findings: changed(state.findings ?? [], change, now()) }),
    {
      validator: (change) => {
        try {
          changed(state.findings ?? [], change, now());
        } catch (error) {
          throw ApplicationFailure.nonRetryable((error as Error).message, 'no-finding');
        }
      },
    },
  );
  setHandler(defineUpdate<ChainAnswer, [ChainRequest]>('chain'), (request) => {
    const { answer, next } = chain(state, request, now());
    if (next) become({ ...state, ...next });
    return answer;
  });

  const signals = new Map<string, number>();
  let asking = 0;
  const hear = (signal: string, what: Said['what'], word: Word): void => {
    become(heardWord(state, what, word, now()));
    const said = state.said!.at(-1)!.nth;
    const nth = (signals.get(signal) ?? 0) + 1;
    signals.set(signal, nth);
    asking += 1;
    // The world stands still at once; who said it is known a moment later.
    control(`who said "${signal}"?`, { scheduleToCloseTimeout: '1 minute' })
      ['run.attest']({ signal, nth, openedAt: 0 })
      .then(
        (sender) => become(attributed(state, said, sender)),
        () => undefined,
      )
      .finally(() => (asking -= 1));
  };
  setHandler(defineSignal<[Word]>('Stop new effects'), (word) => hear('Stop new effects', 'stopped', word), {
    description: 'No run of this system begins another change. Input: the reason, a text in quotes.',
  });
  setHandler(defineSignal<[Word]>('Allow effects again'), (word) => hear('Allow effects again', 'allowed', word), {
    description: 'Ends the stop. Input: the reason, a text in quotes.',
  });
  setHandler(defineSignal<[Word]>('Lift the pause'), (word) => hear('Lift the pause', 'lifted the pause', word), {
    description: 'It may be failed over again although it was moved just now. Input: the reason, a text in quotes.',
  });

  const mayEnd = (): boolean =>
    workflowInfo().continueAsNewSuggested && state.holder === null && telling === 0 && asking === 0 && allHandlersFinished();
  while (!mayEnd()) {
    const next = nextTime(state);
    const over = (): boolean => mayEnd() || nextTime(state) !== next;
    if (next === null) await condition(over);
    else await condition(over, Math.max(1_000, Date.parse(next) - Date.now()), { summary: 'until something is due' });
    if (!mayEnd()) become(state);
  }
  await goOnAsNew(state);
}
