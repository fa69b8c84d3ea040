import { setTimeout } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { types } from '../../activities/index.ts';
import type { BackupNews, StepType } from '../../activities/step.ts';
import { compile } from '../../plan/compile.ts';
import type { InventoryFile, RunbookFile } from '../../plan/load.ts';
import { paginate } from '../../plan/paginate.ts';
import type { Plan } from '../../plan/plan.ts';
import { rehearse } from '../../plan/rehearsal/rehearse.ts';
import { borrow, giveBack } from '../../worker/run/borrow.ts';
import type { Compiled, ReturnInput, RunActivities, RunInput, StepAnswer, Survey, Tidings } from '../../workflows/wire.ts';
import { sample } from './sample.ts';
import { asked } from './theatre.ts';

/** What the play hears of its actors, and tells them. */
export interface Director {
  /** Whether this run finds something that does not work. */
  fails(run: string): boolean;
  /** A run tells the system how it ended. */
  returns(run: string, told: ReturnInput): void;
  /** Somebody is told something; `at`: as the play has it, milliseconds since 1970. */
  hears(news: Tidings, at: number): void;
}
interface Folder {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
}

/**
 * Every activity of a worker. The plans are the runbooks' own, and the loan of a system is the real one; what touches the world is
 * played: each step answers with a value of its type's own shape, and fails where the director says so.
 */
export function actors(folder: Folder, director: Director): { readonly [name: string]: (input: never) => unknown } {
  return { ...Object.fromEntries(types.flatMap((type) => steps(type, director))), ...ofRuns(folder, director) };
}

/**
 * The workflow that stands for a system tells what the year is about. What a run tells as it ends would stop the time-skipping server's
 * clock for ever: it never sees that a child of a closed run was started.
 */
function alone(notify: Plan['notify']): Plan['notify'] {
  return Object.fromEntries(Object.entries(notify).map(([name, one]) => [name, { ...one, on: ['unproven', 'finding'] }]));
}

/**
 * A failure waits until what runs beside it is done, milliseconds: where a run cancels what is just being done, the time-skipping server
 * refuses the whole workflow task for ever.
 */
const quiet = 500;

function steps({ name, output }: StepType, director: Director): [string, () => Promise<StepAnswer>][] {
  const act = (phase: string) => async (): Promise<StepAnswer> => {
    const { run, at } = asked();
    if (proves(name) && phase !== 'undo' && director.fails(run)) {
      await setTimeout(quiet);
      throw ApplicationFailure.nonRetryable(`played: ${name} finds that it does not work`, 'content-differs');
    }
    return { outputs: sample(output), evidence: ['played'], proofs: [], backups: newsOf(name, run, new Date(at).toISOString()) };
  };
  return ['execute', 'rehearse', 'verify', 'undo', 'sweep'].map((phase) => [`${name}.${phase}`, act(phase)]);
}

/** One step alone of a run: two that fail side by side would be such a case. */
const proves = (name: string): boolean => /^(?:postgres|rds)\.(?:verify|promote)$/u.test(name);

/** What saves something has saved it, and what verifies has proven it. */
function newsOf(name: string, run: string, at: string): BackupNews[] {
  const [, technology = '', verb = ''] = /^(postgres|files)\.(backup|verify)$/u.exec(name) ?? [];
  if (technology === '') return [];
  const holds = technology === 'postgres' ? 'database' : 'files';
  const proof = verb === 'verify' ? { provenAt: at, compared: ['played'] } : { provenAt: null, compared: [] };
  const backup = { label: `${holds}-${run.slice(-20)}`, store: 'played', holds, kind: 'full', at, bytes: 1_000_000, ...proof } as const;
  return [{ store: 'played', holds, complete: false, backups: [backup] }];
}

function ofRuns(folder: Folder, director: Director): RunActivities {
  const plans: { [run: string]: Plan } = {};
  return {
    'run.compile': async ({ kind, runbook: name, system, parameters }): Promise<Compiled> => {
      const { steps: all, ...header } = (plans[`${kind} ${name}`] ??= planOf(folder, kind, name!, system, parameters));
      return { plan: { ...header, notify: alone(header.notify) }, steps: paginate(all)[0]!, evidence: [], attributes: [], epoch: 0 };
    },
    'run.requester': async () => ({ by: 'played', how: 'anonymous' }),
    'run.preflight': async ({ calls }) => calls.map(({ step }) => ({ step: step.id, ok: true, seen: ['played'], code: '' })),
    'run.borrow': borrow(),
    'run.return': async (input) => {
      director.returns(asked().run, input);
      await giveBack()(input);
    },
    'run.record': async () => '',
    'run.pollers': async () => 1,
    'run.page': unasked,
    'run.children': unasked,
    'run.facts': async () => ({ atRisk: null, atRiskText: 'played', viewpoints: [], seen: {} }),
    'run.ready': unasked,
    'run.measure': unasked,
    'run.attest': unasked,
    'run.recall': async () => ({ from: [], runs: [], head: null }),
    'run.sweep': async () => ({ removed: [], gone: 0, left: [], others: [], problems: [] }),
    'run.over': async () => true,
    'run.places': async () => ({}),
    'run.tell': async (news) => {
      director.hears(news, asked().at);
      return 'played';
    },
    'run.survey': async (): Promise<Survey> => ({
      pinned: null,
      ways: [],
      sites: [],
      promised: {},
      accepted: [],
      notify: {},
      attributes: [],
      looks: [],
    }),
  };
}

function planOf(folder: Folder, kind: string, name: string, system: string, parameters: RunInput['parameters'] = {}): Plan {
  const runbook = folder.runbooks.find(({ data }) => data.runbook === name && data.system === system)!;
  const [source, target] = Object.keys(folder.inventory.data.sites) as [string, string];
  const input = { ...folder, runbook, types, source, target, parameters };
  return kind === 'rehearsal' ? rehearse(input).plan : compile(input);
}

/** Nothing of the year asks for it. */
async function unasked(): Promise<never> {
  throw ApplicationFailure.nonRetryable('this is not played', 'not-played');
}
