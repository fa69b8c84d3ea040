import { ApplicationFailure, ChildWorkflowFailure, ParentClosePolicy, executeChild, isCancellation } from '@temporalio/workflow';
import type { Branch, Child, Json, Plan } from '../plan/plan.ts';
import type { Verdict } from '../record/journal.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { askAboutBranch } from './ask-about-branch.ts';
import { now } from './journal.ts';
import { policyOf } from './policy.ts';
import { Stopped, type Run, type Track } from './run.ts';
import { controlQueue, runId, type Approval, type Given, type RunInput, type RunResult } from './wire.ts';

/** What is left of a branch: a child, and which of its steps. */
export interface Part {
  readonly child: Child;
  /** Steps of a wave; null: all. */
  readonly only: ReadonlySet<string> | null;
}
export interface Failure {
  readonly part: Part;
  /** The item, or the child. */
  readonly name: string;
  readonly code: string;
  readonly text: string;
}

const well: readonly Verdict[] = ['recovered', 'recovered, unprotected', 'restored', 'proven'];

/** Carries the children of a branch to their end; what failed is asked about once for all of them. */
export async function descend(run: Run, node: Branch): Promise<void> {
  const track = run.track(node.id);
  const items: { [name: string]: Json } = {};
  let parts: readonly Part[] = node.children.map((child) => ({ child, only: null }));
  track.startedAt ??= now();
  for (;;) {
    if (run.stop) throw new Stopped();
    track.begun += 1;
    track.state = 'running';
    run.journal.write({ what: 'begun', step: node.id, uses: track.uses, site: siteOf(run, node), attempt: track.begun });
    const failures = await carry(run, node, track, parts, items);
    track.outputs = { items };
    if (run.stop) throw new Stopped();
    if (failures.length === 0) return settled(run, node, track);
    for (const { name, code, text } of failures.slice(0, 20))
      run.journal.write({ what: 'failed', step: node.id, uses: track.uses, attempt: track.begun, code, problem: `${name}: ${text}` });
    track.state = 'failed';
    track.note = `${failures.length} failed`;
    announce(run);
    const next = await afterFailure(run, node, track, failures);
    if (next === 'go on') return;
    parts = next;
  }
}

/** @returns what is to be tried again, or that the branch counts as done. */
async function afterFailure(run: Run, node: Branch, track: Track, failures: readonly Failure[]): Promise<'go on' | readonly Part[]> {
  const why = `${node.id}: ${failures.length} failed, such as ${failures[0]!.name}: ${failures[0]!.text}`;
  if (policyOf(run.kind).onFailure === 'undo' && node.of === 'wave') {
    run.halt({ how: 'undo', why, verdict: run.backups.length > 0 ? 'unproven' : 'failed' });
    throw new Stopped();
  }
  const goesOn = node.whenItFails === 'go-on' || policyOf(run.kind).onFailure === 'undo';
  const answer = goesOn ? { choice: 'skip', reason: 'the rest goes on without it' } : await askAboutBranch(run, node, failures);
  switch (answer.choice) {
    case 'retry':
      return again(failures);
    case 'skip':
      track.state = 'skipped';
      track.note = `${failures.length} failed; ${answer.reason}`;
      track.endedAt = now();
      run.journal.write({ what: 'skipped', step: node.id, why: `${failures.length} that failed: ${answer.reason}` });
      return 'go on';
    case 'back-out':
      run.halt({ how: 'back out', why });
      throw new Stopped();
    default:
      run.halt({ how: 'abort', why });
      throw new Stopped();
  }
}

/** Only what failed, by child. */
function again(failures: readonly Failure[]): readonly Part[] {
  const parts = new Map<Child, Set<string> | null>();
  for (const { part, name } of failures) {
    if (part.only === null && parts.get(part.child) === undefined) parts.set(part.child, null);
    const steps = stepIdOf(name);
    if (steps !== null) parts.set(part.child, (parts.get(part.child) ?? new Set()).add(steps));
  }
  return [...parts].map(([child, only]) => ({ child, only }));
}

const stepIdOf = (name: string): string | null => /\(([a-z0-9-]+)\)$/u.exec(name)?.[1] ?? null;

async function carry(run: Run, node: Branch, track: Track, parts: readonly Part[], items: { [name: string]: Json }): Promise<Failure[]> {
  const failures: Failure[] = [];
  let ended = 0;
  let under = 0;
  const say = (): void => {
    track.note = `${ended} of ${parts.length} done${failures.length > 0 ? `, ${failures.length} failed` : ''}`;
  };
  const queue = [...parts];
  const one = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      under += 1;
      failures.push(...(await childRun(run, node, part, items)));
      under -= 1;
      ended += 1;
      say();
    }
  };
  await Promise.all(Array.from({ length: Math.min(node.width, parts.length) }, one));
  return failures;
}

async function childRun(run: Run, node: Branch, part: Part, items: { [name: string]: Json }): Promise<readonly Failure[]> {
  const { child } = part;
  try {
    const { plan, epoch } = await run.children.plan(node, child);
    if (node.of === 'wave') return await run.children.inTurn(() => waveRun(run, node, part, plan, items));
    const workflowId = runId(child.kind, child.system);
    const input = inputFor(run, child, given(run, node, plan, epoch));
    const result = await run.children.inTurn(() => execute(child, workflowId, input));
    run.ends.push({ node: node.id, name: child.name, workflowId, verdict: result.verdict, why: result.why });
    items[child.name] = { verdict: result.verdict, serving: result.serving, run: workflowId };
    if (well.includes(result.verdict)) return [];
    return [{ part, name: child.name, code: result.verdict, text: result.why || result.verdict }];
  } catch (error) {
    if (error instanceof Stopped || isCancellation(error)) {
      if (run.stop) throw new Stopped();
      return [{ part, name: child.name, code: 'cancelled', text: 'it was cancelled' }];
    }
    const { code, text } = problemOf(error);
    run.ends.push({ node: node.id, name: child.name, workflowId: runId(child.kind, child.system), verdict: 'failed', why: text });
    return [{ part, name: child.name, code, text }];
  }
}

async function waveRun(run: Run, node: Branch, part: Part, plan: Plan, items: { [name: string]: Json }): Promise<readonly Failure[]> {
  const { child, only } = part;
  const track = run.track(node.id);
  const steps = only === null ? plan.steps : plan.steps.filter(({ id }) => only.has(id));
  const names = new Map(steps.map((step) => [step.id, step.kind === 'step' ? step.summary : step.id]));
  const workflowId = `${run.workflowId}-${node.id}-${child.name}${track.begun > 1 ? `-${track.begun}` : ''}`;
  const result = await execute(child, workflowId, inputFor(run, child, waveOf(run, { ...plan, steps }, false)));
  const { outputs, failed, backups } = result.wave!;
  for (const [id, value] of Object.entries(outputs)) items[names.get(id) ?? id] = value;
  run.backups.push(...backups);
  return failed.map(({ step, code, text }) => ({
    part: { child, only: new Set([step]) },
    name: `${names.get(step) ?? step} (${step})`,
    code,
    text,
  }));
}

/** Undoes what the waves of a branch did. @returns why it could not, or null. */
export async function undoBranch(run: Run, node: Branch): Promise<string | null> {
  const problems = await Promise.all(
    node.children.map(async (child) => {
      const { plan } = await run.children.plan(node, child);
      const workflowId = `${run.workflowId}-${node.id}-${child.name}-undo-${run.track(node.id).begun}`;
      const { wave } = await run.children.inTurn(() => execute(child, workflowId, inputFor(run, child, waveOf(run, plan, true))));
      return wave!.failed.map(({ step, text }) => `${step}: ${text}`);
    }),
  );
  return problems.flat()[0] ?? null;
}

async function execute(child: Child, workflowId: string, input: RunInput): Promise<RunResult> {
  const wave = input.given?.wave !== undefined;
  try {
    return await executeChild<(input: RunInput) => Promise<RunResult>>(child.kind, {
      workflowId,
      taskQueue: controlQueue,
      args: [input],
      // A run of its own goes on where its parent is terminated: somebody waits for its system.
      parentClosePolicy: wave ? ParentClosePolicy.REQUEST_CANCEL : ParentClosePolicy.ABANDON,
      workflowTaskTimeout: '3 seconds',
      staticSummary: wave
        ? `${child.steps} steps of ${input.system}`
        : `${child.kind} of ${child.system}, ${child.source} → ${child.target}`,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')
      throw ApplicationFailure.nonRetryable(`${workflowId} is under way already: wait for its end, then try again`, 'under-way');
    const ended = error instanceof ChildWorkflowFailure && error.cause instanceof ApplicationFailure ? error.cause : null;
    const told = ended?.details?.[0] as RunResult | undefined;
    if (told?.verdict) return told;
    throw error instanceof ChildWorkflowFailure && error.cause && !isCancellation(error) ? error.cause : error;
  }
}

function inputFor(run: Run, child: Child, given: Given): RunInput {
  const { mode, input } = run;
  return {
    system: child.system,
    runbook: child.runbook,
    ...(mode === null ? {} : { mode }),
    ...(Object.keys(child.parameters).length > 0 ? { parameters: child.parameters } : {}),
    ...(input.cause === undefined ? {} : { cause: input.cause }),
    ...(input.by === undefined ? {} : { by: input.by }),
    given,
  };
}

function given(run: Run, node: Branch, plan: Plan, epoch: number): Given {
  return { plan, compiledEpoch: epoch, attributes: run.attributes, requester: run.requester, approved: approvalFor(run, node) };
}

function waveOf(run: Run, plan: Plan, undo: boolean): Given {
  const wave = { origin: run.origin, epoch: run.epoch, startedAt: run.startedAt, undo };
  return { plan, compiledEpoch: run.compiledEpoch, attributes: run.attributes, requester: run.requester, approved: null, wave };
}

/** Those who approved the last gate before it. */
function approvalFor(run: Run, node: Branch): Approval | null {
  const byId = new Map(run.pinned.steps.map((one) => [one.id, one]));
  const seen = new Set<string>();
  let level = [...node.needs];
  while (level.length > 0) {
    const gate = level.find((id) => run.approvals.has(id));
    if (gate !== undefined) return { gate: `${gate} of ${run.workflowId}`, by: run.approvals.get(gate)! };
    for (const id of level) seen.add(id);
    level = level.flatMap((id) => byId.get(id)?.needs ?? []).filter((id) => !seen.has(id));
  }
  return run.input.given?.approved ?? null;
}

function siteOf(run: Run, node: Branch): string {
  return node.at ?? run.pinned.target.site;
}

function settled(run: Run, node: Branch, track: Track): void {
  track.state = 'done';
  track.endedAt = now();
  const count = node.children.reduce((sum, { steps }) => sum + steps, 0);
  const ends = run.ends.filter((end) => end.node === node.id);
  track.note =
    node.of === 'wave'
      ? `all ${count} done`
      : ends
          .map(({ name, verdict }) => `${name}: ${verdict}`)
          .join(', ')
          .slice(0, 200);
  run.journal.write({
    what: 'done',
    step: node.id,
    uses: track.uses,
    attempt: track.begun,
    byHand: false,
    outputs: {},
    proofs: [],
    evidence:
      node.of === 'wave'
        ? [`${count} were carried out in ${node.children.length} child runs.`]
        : ends.map(({ name, workflowId, verdict }) => `${name}: ${verdict} by ${workflowId}.`),
  });
  announce(run);
}
