import { ApplicationFailure } from '@temporalio/workflow';
import type { Action, Plan, Step } from '../plan/plan.ts';
import type { Compiled, PreflightAnswer } from './wire.ts';
import { siteQueue } from './wire.ts';
import { callOf } from './act.ts';
import { control, problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { lookAround } from './gate.ts';
import { isLate } from './resolve.ts';
import { isStep, Stopped, type Run } from './run.ts';

/** Steps of one preflight activity. */
const page = 50;
/** All preflights together, milliseconds. */
const within = 8_000;

/** From a few words to a pinned plan; a person who was shown another one is asked. */
export async function compile(run: Run): Promise<void> {
  run.state = 'compiling';
  const input = { ...run.input, kind: run.kind };
  const { plan: header, steps, evidence, attributes, epoch } = await control(`compile ${run.kind} of ${run.input.system}`, {
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '2 minutes',
  })['run.compile'](input);
  run.attributes = attributes;
  run.compiledEpoch = epoch;
  run.adopt(await wholePlan(run, header, steps));
  run.journal.write({
    what: 'compiled',
    digest: header.digest,
    revision: header.revision ?? null,
    runbook: header.runbook,
    warnings: [...header.warnings, ...evidence],
  });
  if (run.input.digest && !header.digest.startsWith(run.input.digest)) await askAboutDigest(run, run.input.digest);
}

async function wholePlan(run: Run, header: Compiled['plan'], first: Compiled['steps']): Promise<Plan> {
  const steps = [...first];
  for (let n = 1; n < header.pages.length; n += 1) {
    const input = { ...run.input, kind: run.kind, pinned: header.digest, page: n, source: header.source.site };
    steps.push(...(await control(`plan, page ${n + 1} of ${header.pages.length}`)['run.page'](input)));
  }
  return { ...header, steps };
}

async function askAboutDigest(run: Run, shown: string): Promise<void> {
  const { digest, revision } = run.pinned;
  const answer = await ask(run, {
    id: 'plan',
    kind: 'plan',
    title: 'The plan is not the one that was shown',
    facts: [
      { label: 'shown', value: shown },
      { label: 'compiled by this worker', value: `${digest}${revision ? ` at revision ${revision}` : ''}` },
    ],
    choices: [
      { choice: 'approve', label: `Go on with plan ${digest.slice(0, 12)}`, description: 'Use the plan that the worker compiled.', reason: false },
      { choice: 'refuse', label: `Do not go on with plan ${digest.slice(0, 12)}`, description: 'End the run; nothing was changed.', reason: false },
    ],
    approvers: [],
    count: 1,
  });
  if (answer.choice === 'approve') return;
  run.halt({ how: 'abort', why: 'the plan is not the one that was shown' });
  throw new Stopped();
}

/** Everything that can be known before: side by side, by site and page. Nothing has been changed when this ends. */
export async function preflight(run: Run): Promise<void> {
  announce(run, 'preflight');
  for (;;) {
    const [answers] = await Promise.all([askSites(run), lookAround(run)]);
    for (const { step, site, ok, seen } of answers) run.journal.write({ what: 'preflight', step, site, ok, seen });
    const problems = answers.filter((answer) => !answer.ok && !excused(run, answer));
    if (problems.length === 0 || !(await askAboutProblems(run, problems))) break;
  }
  if (run.mode === 'planned' || run.facts?.viewpoints.some(({ name, sees }) => name === 'probe' && sees === 'alive')) run.serving = run.pinned.source.site;
  run.journal.write({ what: 'serving', site: run.serving, note: 'before the run' });
}

interface SiteAnswer extends PreflightAnswer {
  readonly site: string;
  readonly action: Action;
}

async function askSites(run: Run): Promise<SiteAnswer[]> {
  const pages = [...bySite(run)].flatMap(([site, steps]) => chunks(steps).map((chunk) => ({ site, chunk })));
  const answers = await Promise.all(pages.map(({ site, chunk }) => askSite(run, site, chunk)));
  return answers.flat();
}

async function askSite(run: Run, site: string, chunk: readonly Planned[]): Promise<SiteAnswer[]> {
  const calls = chunk.map(({ node, action }) => ({ ...callOf(run, node, action, []), uses: action.uses }));
  try {
    const answers = await control(`preflight of ${chunk.length} steps at ${site}`, {
      taskQueue: siteQueue(site),
      startToCloseTimeout: within + 1_000,
      scheduleToCloseTimeout: within + 2_000,
      retry: { maximumAttempts: 2 },
    })['run.preflight']({ calls, within });
    return answers.map((answer, n) => ({ ...answer, site, action: chunk[n]!.action }));
  } catch (error) {
    const { code, text } = problemOf(error);
    const why = code.startsWith('timeout') ? `no worker at ${site} answered` : text;
    return chunk.map(({ node, action }) => ({ step: node.id, ok: false, seen: [why], code, site, action }));
  }
}

interface Planned {
  readonly node: Step;
  readonly action: Action;
}

function bySite(run: Run): Map<string, Planned[]> {
  const sites = new Map<string, Planned[]>();
  for (const node of run.pinned.steps) {
    if (!isStep(node) || run.leftOut(node)) continue;
    for (const action of [node.action, ...node.else]) {
      // What only the run itself will know cannot be tried before it.
      if (isLate(action.with)) continue;
      const steps = sites.get(action.at);
      if (steps) steps.push({ node, action });
      else sites.set(action.at, [{ node, action }]);
    }
  }
  return sites;
}

/** In an unplanned run the source is expected to fail: that is a fact for the gate. */
function excused(run: Run, answer: SiteAnswer): boolean {
  const source = run.pinned.source.site;
  const hosts = Object.values(answer.action.hosts);
  return run.mode === 'unplanned' && (answer.site === source || hosts.some((host) => host.site === source));
}

/** @returns true where the preflight is to be tried again. */
async function askAboutProblems(run: Run, problems: readonly SiteAnswer[]): Promise<boolean> {
  const names = [...new Set(problems.map(({ step }) => step))].join(', ');
  const answer = await ask(run, {
    id: 'preflight',
    kind: 'intervention',
    title: `Preflight found what would fail: ${names}. Nothing was changed yet`,
    facts: problems.map(({ step, site, seen }) => ({ label: `${step} at ${site}`, value: seen.join(' ') })),
    choices: [
      { choice: 'retry', label: 'Retry preflight', description: 'Look again.', reason: false },
      { choice: 'skip', label: 'Go on all the same after preflight', description: `Go on without ${names} being sure to work. Input: the reason, a text in quotes.`, reason: true },
      { choice: 'abort', label: 'Abort at preflight', description: 'End the run; nothing was changed.', reason: false },
    ],
    approvers: [],
    count: 1,
  });
  if (answer.choice === 'retry') return true;
  if (answer.choice === 'skip') return false;
  run.halt({ how: 'abort', why: `preflight: ${problems[0]?.seen.join(' ') ?? ''}` });
  throw new Stopped();
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / page) }, (_, n) => items.slice(n * page, (n + 1) * page));
}

/** Takes the system for this run alone. Another live run is respected; where nobody answers, people are asked. */
export async function borrow(run: Run): Promise<void> {
  const { system, source } = run.pinned;
  const input = { system: system.name, kind: run.kind, live: true, active: source.site, epoch: run.compiledEpoch };
  try {
    const answer = await control(`lock ${system.name}`, { scheduleToCloseTimeout: '6 seconds' })['run.borrow'](input);
    if (answer.granted) {
      run.epoch = answer.epoch;
      run.journal.write({ what: 'locked', epoch: answer.epoch, note: answer.note });
      return;
    }
    run.journal.write({ what: 'locked', epoch: null, note: answer.note });
    if (answer.stale) return await again(run);
    run.refused = answer.holder;
    run.halt({ how: 'abort', why: answer.note });
  } catch (error) {
    if (error instanceof Stopped) throw error;
    await goOnWithout(run, problemOf(error).text);
    return;
  }
  throw new Stopped();
}

/** The system was lent to another run since the plan was compiled: what was true then may not be now. */
async function again(run: Run): Promise<void> {
  if (run.attempt('compile') > 3) throw ApplicationFailure.nonRetryable('the system changes hands faster than a plan can be made', 'stale');
  await compile(run);
  await preflight(run);
  await borrow(run);
}

async function goOnWithout(run: Run, problem: string): Promise<void> {
  const answer = await ask(run, {
    id: 'lock',
    kind: 'lock',
    title: `The lock of ${run.pinned.system.name} does not answer`,
    facts: [{ label: 'problem', value: problem }],
    choices: [
      { choice: 'approve', label: 'Go on without the lock', description: 'Make sure that nobody else is recovering this system.', reason: false },
      { choice: 'refuse', label: 'Do not go on without the lock', description: 'End the run; nothing was changed.', reason: false },
    ],
    approvers: [],
    count: 2,
  });
  run.journal.write({ what: 'locked', epoch: null, note: `the lock did not answer; ${answer.choice === 'approve' ? 'people chose to go on without it' : 'people chose to end'}` });
  if (answer.choice === 'approve') return;
  run.halt({ how: 'abort', why: 'the lock did not answer' });
  throw new Stopped();
}
