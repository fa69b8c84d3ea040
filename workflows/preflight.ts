import { isCancellation } from '@temporalio/workflow';
import type { Action, Branch, Child, Late, Step } from '../plan/plan.ts';
import type { PreflightAnswer, PreflightCall } from './wire.ts';
import { siteQueue } from './wire.ts';
import { control, problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { earlier, notUpYet } from './earlier.ts';
import { lookAround } from './gate.ts';
import { whileGoing } from './going.ts';
import { callOf } from './perform.ts';
import { policyOf } from './policy.ts';
import { isLate } from './resolve.ts';
import { leftOutOf } from './rehearse.ts';
import { isStep, Stopped, type Run } from './run.ts';

/** One preflight activity: so many steps at the most, and so many characters that they fit into one payload. */
const page = { steps: 50, characters: 500_000 };
/** All preflights together, milliseconds; what is late is said to be before the activity's own time is up. */
const within = 7_000;

/** Everything that can be known before: side by side, by site and page. Nothing has been changed when this ends. */
export async function preflight(run: Run): Promise<void> {
  announce(run, 'preflight');
  for (;;) {
    const [answers] = await whileGoing(run, () => Promise.all([askSites(run), lookAround(run)]));
    for (const { step, site, ok, seen } of answers) run.journal.write({ what: 'preflight', step, site, ok, seen });
    const problems = answers.filter((answer) => !answer.ok && !excused(run, answer));
    // What stands in the way of a rehearsal it comes upon, and tells at its end.
    if (problems.length === 0 || !run.live || !(await askAboutProblems(run, problems))) break;
  }
  if (!run.live) return;
  if (run.mode === 'planned' || run.facts?.viewpoints.some(({ name, sees }) => name === 'probe' && sees === 'alive'))
    run.serving = run.pinned.source.site;
  run.journal.write({ what: 'serving', site: run.serving, note: 'before the run' });
}

interface SiteAnswer extends PreflightAnswer {
  readonly site: string;
  readonly action: Action;
  /** Hosts that steps before it change. */
  readonly changed: readonly string[];
}

async function askSites(run: Run): Promise<SiteAnswer[]> {
  // Without any, nothing is waited for: histories of earlier releases have the preflight first.
  const alike = waves(run).length > 0 ? await sampled(run) : [];
  const pages = [...bySite(run, [...run.pinned.steps.filter(isStep), ...alike])].flatMap(([site, steps]) =>
    chunks(steps).map((chunk) => ({ site, chunk })),
  );
  const answers = await Promise.all(pages.map(({ site, chunk }) => askSite(site, chunk)));
  return answers.flat();
}

async function askSite(site: string, chunk: readonly Planned[]): Promise<SiteAnswer[]> {
  const calls = chunk.map(({ call }) => call);
  try {
    const answers = await control(`preflight of ${chunk.length} steps at ${site}`, {
      taskQueue: siteQueue(site),
      startToCloseTimeout: within + 1_000,
      scheduleToCloseTimeout: within + 2_000,
    })['run.preflight']({ calls, within });
    return answers.map((answer, n) => ({ ...answer, site, action: chunk[n]!.action, changed: chunk[n]!.call.earlier?.changed ?? [] }));
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, text } = problemOf(error);
    const why = code.startsWith('timeout') ? `no worker at ${site} answered` : text;
    return chunk.map(({ node, action }) => ({ step: node.id, ok: false, seen: [why], code, site, action, changed: [] }));
  }
}

interface Planned {
  readonly node: Step;
  readonly action: Action;
  readonly call: PreflightCall;
}

/** Of like steps the first page stands for all: thousands of looks would be no preflight. */
async function sampled(run: Run): Promise<Step[]> {
  const all = waves(run);
  const plans = await Promise.all(all.map(({ node, first }) => run.children.plan(node, first)));
  // What leads to the branch leads to each of its steps.
  return plans.flatMap(({ plan }, place) =>
    plan.steps
      .filter(isStep)
      .slice(0, page.steps)
      .map((step) => ({ ...step, needs: all[place]!.node.needs })),
  );
}

function waves(run: Run): { readonly node: Branch; readonly first: Child }[] {
  return run.pinned.steps.flatMap((node) => {
    const [first] = node.kind === 'branch' && node.of === 'wave' && !run.leftOut(node) ? node.children : [];
    return node.kind === 'branch' && first ? [{ node, first }] : [];
  });
}

function bySite(run: Run, steps: readonly Step[]): Map<string, Planned[]> {
  const sites = new Map<string, Planned[]>();
  const copies = new Set(run.pinned.rehearsal?.differs.flatMap(({ step, how }) => (how === 'added' ? [step] : [])));
  for (const node of steps) {
    if (run.leftOut(node) || leftOutOf(run, node) !== null) continue;
    // A copy that the run makes itself cannot be looked at before.
    if (node.needs.some((need) => copies.has(need))) continue;
    for (const action of [node.action, ...node.else]) {
      const late = isLate(action.with);
      const known = late ? { ...action, with: knownOf(action.with) } : action;
      // What only the run itself will know cannot be tried before it; whether AWS lets it be tried can.
      if (late && !Object.values(known.with).some((value) => isAwsSite(run, value))) continue;
      const call = {
        ...callOf(run, node, known, []),
        uses: action.uses,
        earlier: earlier(run.pinned, node, (one) => run.leftOut(one)),
        ...(late ? { late } : {}),
      };
      const planned = { node, action, call };
      const steps = sites.get(action.at);
      if (steps) steps.push(planned);
      else sites.set(action.at, [planned]);
    }
  }
  return sites;
}

function knownOf(input: Action['with']): Action['with'] {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => !isLate(value)));
}

function isAwsSite(run: Run, value: Late): boolean {
  return typeof value === 'string' && Object.hasOwn(run.pinned.sites, value) && run.pinned.sites[value]!.aws !== undefined;
}

/** In an unplanned run the source is expected to fail, and in any what is not up yet: that is a fact for the gate. */
function excused(run: Run, answer: SiteAnswer): boolean {
  // Not known, or not asked for being one of too many, is not known to fail. Where nobody is asked on failure, or hundreds begin at
  // once, the step itself will tell.
  const known = !/^preflight-late$|^timeout|^aws-throttled$/u.test(answer.code);
  if (!known && (policyOf(run.kind).onFailure === 'undo' || run.input.given !== undefined)) return true;
  const source = run.pinned.source.site;
  const hosts = Object.values(answer.action.hosts);
  // A host that a step before this one switches on, or starts, does not answer yet.
  if (notUpYet.test(answer.code) && hosts.some(({ name }) => answer.changed.includes(name))) return true;
  const there = answer.site === source || answer.action.with['site'] === source || hosts.some((host) => host.site === source);
  return run.mode === 'unplanned' && there;
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
      {
        choice: 'skip',
        label: 'Go on all the same after preflight',
        description: `Go on without ${names} being sure to work. Input: the reason, a text in quotes.`,
        reason: true,
      },
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

function chunks(planned: readonly Planned[]): Planned[][] {
  const all: Planned[][] = [];
  let room = 0;
  for (const item of planned) {
    const size = JSON.stringify(item.call).length;
    const last = all.at(-1);
    if (last && last.length < page.steps && size <= room) last.push(item);
    else {
      all.push([item]);
      room = page.characters;
    }
    room -= size;
  }
  return all;
}
