import assert from 'node:assert/strict';
import type { HostFacts } from '../../plan/plan.ts';
import { mayAct } from '../../worker/may-act.ts';
import type { StepCall } from '../../workflows/wire.ts';
import { failure, typeOf } from './estate.ts';

describe('a worker, before it carries out a phase', () => {
  const host = (name: string, copyOf?: string): HostFacts => ({
    name,
    site: 'site-b',
    connection: 'local',
    alive: 22,
    views: {},
    ...(copyOf === undefined ? {} : { copyOf }),
  });
  const hosts = { 'b-db': host('b-db'), 'copy-of-b-db': host('copy-of-b-db', 'b-db') };
  const refusal = async (live: boolean, type: string, phase: Parameters<typeof mayAct>[2], input: StepCall['with']): Promise<string> => {
    const call = { run: { origin: 'run', mode: 'unplanned', live, startedAt: '' }, hosts, with: input } as unknown as StepCall;
    const act = async (): Promise<void> => mayAct(typeOf(type), call, phase);
    return act().then(
      () => 'none',
      async (error: unknown) => (await failure(Promise.reject(error as Error))).code,
    );
  };

  it('has a rehearsal act on copies alone, wherever in the input a host is named', async () => {
    assert.equal(await refusal(false, 'postgres.promote', 'rehearse', { host: 'copy-of-b-db' }), 'none');
    for (const input of [{ host: 'b-db' }, { one: { of: ['copy-of-b-db', { host: 'b-db' }] } }])
      assert.equal(await refusal(false, 'postgres.promote', 'rehearse', input), 'not-a-copy');
  });

  it('has it read what is in service, where a type only reads or proves', async () => {
    assert.equal(await refusal(false, 'postgres.check', 'rehearse', { host: 'b-db' }), 'none');
    assert.equal(await refusal(false, 'power.off', 'rehearse', { host: 'b-db' }), 'none');
  });

  it('has it carry out and undo nothing itself, and a live run rehearse and sweep nothing', async () => {
    for (const phase of ['execute', 'undo'] as const)
      assert.equal(await refusal(false, 'postgres.promote', phase, { host: 'copy-of-b-db' }), 'live-only');
    for (const phase of ['rehearse', 'sweep'] as const)
      assert.equal(await refusal(true, 'postgres.promote', phase, { host: 'copy-of-b-db' }), 'rehearsal-only');
    assert.equal(await refusal(true, 'postgres.promote', 'execute', { host: 'b-db' }), 'none');
  });
});
