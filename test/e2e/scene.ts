import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { RunRecord } from '../../record/schema/run.ts';
import { runId, type OpenQuestion, type RunResult } from '../../workflows/wire.ts';
import { lostAt } from '../judge/markers.ts';
import { asked, choose, endOf, journalOf, stateOf, type World } from './world.ts';

/** Answers a question once it is asked. */
export async function answer(
  handle: WorkflowHandle,
  id: string,
  choice: string,
  { attempt = 1, by = ['alice@example.com'], reason = '', within = 30_000 } = {},
): Promise<OpenQuestion> {
  const question = await asked(handle, id, attempt, within);
  for (const name of by) await choose(handle, question, choice, name, reason || undefined);
  return question;
}

/** Approves a gate with as many people as it asks for. */
export async function approve(handle: WorkflowHandle, attempt = 1): Promise<OpenQuestion> {
  const question = await asked(handle, 'cut-over', attempt);
  for (const by of ['alice@example.com', 'bob@example.com'].slice(0, question.count)) await choose(handle, question, 'approve', by);
  return question;
}

/** Answers whatever is asked until the run has ended; null leaves a question open for now. */
export async function attend(
  handle: WorkflowHandle,
  decide: (question: OpenQuestion) => string | null,
  people: readonly string[] = ['carol@example.com', 'dan@example.com'],
): Promise<RunResult> {
  let end: RunResult | undefined;
  const ended = endOf(handle).then((result) => (end = result));
  for (const past = new Set<string>(); !end; await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))])) {
    for (const question of (await stateOf(handle)).questions) {
      const key = `${question.id} ${question.attempt}`;
      const choice = past.has(key) ? null : decide(question);
      if (choice === null) continue;
      past.add(key);
      for (const by of people.slice(0, question.count)) await choose(handle, question, choice, by);
    }
  }
  return ended;
}

export async function isStandby(world: World, host: string): Promise<boolean> {
  const [row] = await world.sql<{ is: boolean }>(host, 'select pg_is_in_recovery() as is');
  return row!.is;
}

/** What failed in a run, `step: code`, in order. */
export async function failures(handle: WorkflowHandle): Promise<string[]> {
  return (await journalOf(handle)).flatMap((entry) => (entry.what === 'failed' ? [`${entry.step}: ${entry.code}`] : []));
}

/** How often the power of a host was really cut. */
export async function cuts(world: World, host: string): Promise<number> {
  return (await world.power()).filter((entry) => entry.host === host && entry.to === 'Off').length;
}

/** Record and report as the run left them at the target's record store. */
export async function leftBy(end: RunResult, site = 'site-b'): Promise<{ record: RunRecord; report: string }> {
  const path = end.records[site];
  assert.ok(path, `no record at ${site}`);
  return { record: JSON.parse(await readFile(path.replace(/html$/u, 'json'), 'utf8')) as RunRecord, report: await readFile(path, 'utf8') };
}

/** What the record says of acknowledged markers is what the probe's own ledger and the new primary say. */
export async function assertLossIsExact(world: World, end: RunResult, host: string): Promise<number> {
  const { record } = await leftBy(end);
  const lost = await lostAt(world, host);
  assert.equal(record.point?.lost, lost, 'markers lost, as the record has them');
  return lost;
}

/** On a machine that is busy with other worlds a look may take too long: people look again, twice. What is really wrong still fails. */
export function unexpected({ id, attempt, title, facts }: OpenQuestion): 'retry' {
  if (id === 'preflight' && attempt < 3) return 'retry';
  throw new Error(`${id}: ${[title, ...facts.map(({ label, value }) => `${label}: ${value}`)].join('\n')}`);
}

export const pairOfWorkers = (world: World): Promise<unknown> => Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));

/** A new pair under the same server, with workers of its own. */
export async function renew(world: World): Promise<void> {
  // A test that failed must not leave its run to the next.
  await world.client.workflow
    .getHandle(runId('failover', 'orders'))
    .terminate('the next test')
    .catch(() => undefined);
  await world.stopWorkers();
  await world.newLab();
  await pairOfWorkers(world);
}

/** As the kernel has it: `T` is stopped. */
export function stateOfProcess(pid: number): string {
  return /^\d+ \(.*\) (\S)/u.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
}
