import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { temporal } from '@temporalio/proto';
import { judge } from '../../workflows/judge.ts';
import type { Sender } from '../../workflows/wire.ts';
import { senderOf } from '../../worker/run/attest.ts';
import { sendersIn, type Senders } from '../../worker/run/history.ts';

const signal = 'Approve cut-over of orders to site-b, about 8 kB lost #1';

/** Histories as a server with login writes them: the principal of each event is computed there. */
async function history(name: string): Promise<Senders> {
  return sendersIn(historyFromJSON(JSON.parse(await readFile(new URL(`../fixtures/principals/${name}.json`, import.meta.url), 'utf8'))));
}

const judged = (sender: Sender, requester: string): readonly [counts: boolean, note: string] => {
  const { counts, note } = judge(
    { choice: 'approve', sender, stated: 'bob@example.com', reason: '' },
    {
      accepts: 'attested',
      people: { leads: ['alice@example.com', 'bob@example.com', 'zoe@example.com', 'worker@example.com'] },
      approvers: ['leads'],
      count: 1,
      requester: { by: requester, how: 'attested', at: '' },
      reasonNeeded: false,
      have: [],
    },
  );
  return [counts, note];
};

describe('the sender of a decision, read from the history', () => {
  it('is who the server says it is, whatever name was given with it', async () => {
    const senders = await history('attested');
    const sender = senderOf(senders, { signal, nth: 1, openedAt: 3 });
    assert.deepEqual(sender, { by: 'alice@example.com', how: 'attested', worker: false, reset: false });
    assert.deepEqual(judged(sender, senders.starter.name!), [true, '']);
  });

  it('who started the run is told by the server too, and cannot approve it under another name', async () => {
    const senders = await history('attested');
    assert.deepEqual(senders.starter, { name: 'zoe@example.com', attested: true });
    const sender = senderOf(senders, { signal, nth: 2, openedAt: 3 });
    assert.deepEqual(judged(sender, senders.starter.name!), [false, 'who started the run cannot approve it']);
  });

  it('that is a worker is no person', async () => {
    const senders = await history('attested');
    const sender = senderOf(senders, { signal, nth: 3, openedAt: 3 });
    assert.equal(sender.worker, true);
    assert.match(judged(sender, senders.starter.name!)[1], /worker, which is no person/u);
  });

  it('does not count where the run was reset between question and decision, and counts again after it', async () => {
    const senders = await history('reset-between');
    const old = senderOf(senders, { signal, nth: 1, openedAt: 3 });
    assert.deepEqual([old.by, old.reset], ['alice@example.com', true]);
    assert.match(judged(old, 'zoe@example.com')[1], /before the run was reset/u);
    assert.equal(senderOf(senders, { signal, nth: 2, openedAt: 3 }).reset, false);
    assert.equal(senderOf(senders, { signal: 'hello', nth: 1, openedAt: 3 }).reset, true);
    assert.equal(senderOf(senders, { signal, nth: 1, openedAt: 11 }).reset, false);
  });

  it('without a login is the identity of the client, where that names anybody', async () => {
    const senders = await history('stated');
    const of = (nth: number): Sender => senderOf(senders, { signal, nth, openedAt: 3 });
    assert.deepEqual(of(1), { by: 'alice@example.com', how: 'stated', worker: false, reset: false });
    assert.deepEqual(of(2), { by: null, how: 'anonymous', worker: false, reset: false });
    assert.equal(of(3).worker, true);
    assert.equal(of(4).how, 'anonymous');
    assert.equal(of(5).how, 'anonymous');
  });

  it('knows a reset by the number that the server gives it', () => {
    assert.equal(temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW, 20);
  });
});
