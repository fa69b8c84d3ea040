import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import * as workflows from '../../workflows/index.ts';
import { controlQueue, idOfRun, runId, siteQueue, sweepId, systemId, waveId } from '../../workflows/wire.ts';
import { runActivities } from '../../worker/run/index.ts';
import { attributes } from '../../worker/attributes.ts';

/** Every name that was ever released stands in the histories of runs: it may be added to, never changed. */
const released = {
  workflows: ['backup', 'failback', 'failover', 'notification', 'readiness', 'rehearsal', 'restore', 'sweep', 'system'],
  activities: [
    'run.attest',
    'run.borrow',
    'run.children',
    'run.compile',
    'run.facts',
    'run.measure',
    'run.over',
    'run.page',
    'run.places',
    'run.pollers',
    'run.preflight',
    'run.ready',
    'run.recall',
    'run.record',
    'run.requester',
    'run.return',
    'run.survey',
    'run.sweep',
    'run.tell',
  ],
  queries: ['journal', 'state'],
  updates: ['borrow', 'chain', 'finding', 'return'],
  memos: ['backups', 'loan', 'summary', 'waiting'],
  attributes: ['LifeboatKind', 'LifeboatLive', 'LifeboatRunbook', 'LifeboatSite', 'LifeboatState', 'LifeboatSystem'],
  /** Signals of workflows that are no questions. */
  words: ['Allow effects again', 'Lift the pause', 'Stop new effects', 'made', 'over'],
  /** The beginnings of the names of the signals that make a choice; what they are about and the attempt follow. */
  signals: [
    'Abort at ',
    'Abort at the stop',
    'Abort undo at ',
    'Approve ',
    'Back out at ',
    'Back out at the stop',
    'Cannot: ',
    'Do not go on with plan ',
    'Do not go on without the lock',
    'Done by hand: ',
    'Done: ',
    'End without being seen to serve',
    'Go on all the same after ',
    'Go on with plan ',
    'Go on without the lock',
    'Leave ',
    'Refuse ',
    'Retry ',
    'Retry after the stop',
    'Skip ',
    'Switch ',
    'Switch to unplanned at ',
  ],
};

describe('the names on the wire', () => {
  it('of workflows are those released', () => assert.deepEqual(Object.keys(workflows).toSorted(), released.workflows));

  it("of the run's own activities are those released", () =>
    assert.deepEqual(
      Object.keys(runActivities({ site: 'site-a', runbooks: '', namespace: 'default', types: [] })).toSorted(),
      released.activities,
    ));

  it('of search attributes are those released', () => assert.deepEqual([...attributes].toSorted(), released.attributes));

  it('of queues and workflow ids are those released', () => {
    assert.deepEqual([controlQueue, siteQueue('site-a')], ['lifeboat', 'lifeboat-site-a']);
    assert.deepEqual([systemId('orders'), runId('failover', 'orders')], ['system-orders', 'failover-orders']);
    assert.equal(idOfRun('failover', { system: 'site-east', site: 'east' }), 'failover-east');
    assert.equal(waveId('failover-orders', 'many', '1'), 'failover-orders/many/1');
    assert.equal(sweepId('0123456789ab', 'orders'), 'sweep-456789ab-orders');
    assert.equal(sweepId('0123456789ab', 'orders', 2), 'sweep-456789ab-orders-2');
  });

  it('of queries, updates, memos and signals are those released', async () => {
    // What a rehearsal asks bears its name before.
    const source = (await sources()).replaceAll('${rehearsal}', '');
    const found = (pattern: RegExp): string[] => [...new Set([...source.matchAll(pattern)].map((match) => match[1]!))].toSorted();
    assert.deepEqual(found(/defineQuery(?:<[^(]*>)?\('([^']+)'/gu), released.queries);
    assert.deepEqual(found(/defineUpdate(?:<[^(]*>)?\('([^']+)'/gu), released.updates);
    assert.deepEqual(found(/upsertMemo\(\{ (\w+)/gu), released.memos);
    assert.deepEqual(found(/defineSignal(?:<[^(]*>)?\('([^']+)'/gu), released.words);
    const labels = found(/label: [`']([A-Z][^`'$]*)[^\n]*(?:reason: |,$)/gmu).map((label) =>
      label.replace(/ (?:preflight|measure|undo of )$/u, ' '),
    );
    assert.deepEqual([...new Set(labels)].toSorted(), released.signals);
  });
});

async function sources(): Promise<string> {
  const folder = new URL('../../workflows/', import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  return (await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')))).join('\n');
}
