import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { addressOf } from '../../lab/full/full-lab.ts';
import { pair } from '../../lab/full/shape.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import type { OpenQuestion, RunResult } from '../../workflows/wire.ts';
import { leftBy, unexpected } from '../e2e/scene.ts';
import { choose, endOf, stateOf } from '../e2e/world.ts';
import { lostAt } from '../judge/markers.ts';
import type { FullWorld } from './world.ts';

const people = ['alice@example.com', 'bob@example.com', 'carol@example.com', 'dan@example.com'];

/** Approves every gate with as many people as it asks for, until the run has ended; what else is asked goes to `decide`, or fails. */
export async function approveAll(
  handle: WorkflowHandle,
  decide: (question: OpenQuestion) => string | null | Promise<string | null> = unexpected,
): Promise<RunResult> {
  const ended = endOf(handle);
  let over = false;
  const done = ended.then(
    () => (over = true),
    () => (over = true),
  );
  for (const past = new Set<string>(); !over; await Promise.race([done, pause(100)])) {
    for (const question of (await stateOf(handle)).questions) {
      const key = `${question.id} ${question.attempt}`;
      if (past.has(key)) continue;
      const choice = question.kind === 'gate' ? 'approve' : await decide(question);
      if (choice === null) continue;
      past.add(key);
      const many = choice === 'approve' || choice === 'done' ? question.count : 1;
      for (const by of people.slice(0, many)) await choose(handle, question, choice, by, 'seen');
    }
  }
  return ended;
}

/** An output of a step, as the record has it. */
export function outputOf(record: RunRecord, step: string, name: string): unknown {
  return (record.steps.find(({ id }) => id === step)?.outputs as { readonly [name: string]: unknown } | undefined)?.[name];
}

/** What the record says of acknowledged markers is what the probe's own ledger and the server say. Returns how many were lost. */
export async function assertLossIsCounted(world: FullWorld, end: RunResult, site: string, host: string): Promise<number> {
  const { record } = await leftBy(end, site);
  const lost = await lostAt(world, host);
  assert.equal(record.point?.lost, lost, 'markers lost, as the record has them');
  return lost;
}

/** A moment of a server's clock with none of the test's own writes just before or after it, ISO. */
export async function momentAt(world: FullWorld, host: string): Promise<string> {
  const [row] = await world.sql<{ at: Date }>(host, 'select pg_sleep(0.05), clock_timestamp() as at');
  await pause(50);
  return row!.at.toISOString();
}

/** Which of the pair HAProxy gives sessions to, and where the name of the database leads. */
export async function trafficAt(world: FullWorld): Promise<{ readonly servers: readonly string[]; readonly name: string }> {
  const state = await world.at('edge', ['sh', '-c', 'echo "show servers state orders" | socat - /run/haproxy/admin.sock']);
  // The fourth word is the server, the sixth its state: 2 is running.
  const servers = state.split('\n').flatMap((line) => (line.split(' ')[5] === '2' ? [line.split(' ')[3]!] : []));
  const names = new Resolver();
  names.setServers([addressOf(world.lab, 'edge')]);
  const [address] = await names.resolve4('db.orders.test');
  return { servers, name: pair.find((host) => addressOf(world.lab, host) === address) ?? String(address) };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
