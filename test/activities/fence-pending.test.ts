import assert from 'node:assert/strict';
import { refusePending } from '../../activities/fence/refuse-pending.ts';
import type { Stated } from '../../activities/step.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { declared, machine, network } from './machines.ts';

describe('fence.pending', () => {
  const name = 'fence.pending';
  const input = { site: 'east', id: 'shop-db' };
  const word = (by: string, how: Stated['how'] = 'stated'): Stated => ({ by, how, at: '2026-11-22T10:00:00.000Z' });
  const two = [word('carol@example.com'), word('dan@example.com')];
  let at: Cloud;
  beforeEach(async () => {
    at = await cloud();
  });
  const lost = () => at.settings({ unreachable: ['us-east-1'] });

  it('takes the word of two people once the API has stayed silent, and says that the fence is only owed', async () => {
    await lost();
    const made = at.context({ stated: two });
    const began = Date.now();
    const outcome = await declared(name, 'execute', () => carryOut(name, input, made));
    assert.ok(Date.now() - began > 2_000, 'one silent moment is no dead region');
    assert.deepEqual(outcome.outputs, { by: ['carol@example.com', 'dan@example.com'], owes: 'rds.isolate' });
    const [proof] = outcome.proofs!;
    assert.deepEqual([proof!.by, proof!.host, proof!.latched], [name, 'east/shop-db', 'unknown']);
    assert.match(proof!.evidence[0]!, /^PENDING: .* may still take writes/u);
    assert.match(proof!.evidence.join(' '), /us-east-1.* did not answer .*us-west-2.* answered/u);
    assert.ok(made.beats.length > 2, 'it heartbeats while it listens');
    const again = await at.context({ proofs: [proof!] }).reread(proof!);
    assert.deepEqual(again.evidence.slice(1, 3), proof!.evidence.slice(1, 3), 'read again, it is still their word');
  });

  it('owes the right isolation of whatever it is', async () => {
    await lost();
    const { outputs } = await carryOut(name, { site: 'east', id: 'i-0123456789abcdef0', port: 5432 }, at.context({ stated: two }));
    assert.equal((outputs as { owes: string }).owes, 'ec2.isolate');
  });

  it('refuses where the API answers, and holds no longer where it answers again', async () => {
    const before = await failure(carryOut(name, input, at.context({ stated: two })));
    assert.deepEqual([before.code, before.remedy], ['api-answers', 'person']);
    await lost();
    const { proofs } = await carryOut(name, input, at.context({ stated: two }));
    await at.settings({ unreachable: [] });
    const later = await failure(at.context({ proofs: proofs! }).reread(proofs![0]!));
    assert.deepEqual([later.code, later.remedy], ['api-answers', 'person']);
  });

  it('takes a refusal, a throttled call and another account for answers, and a fault of AWS for none', async () => {
    const fault = (kind: 'refuse' | 'throttle', more: object = {}) =>
      at.faults([{ service: 'rds', operation: 'DescribeDBInstances', region: 'us-east-1', times: 9, kind, ...more }]);
    await fault('throttle');
    assert.equal((await failure(carryOut(name, input, at.context({ stated: two })))).code, 'api-answers');
    await fault('refuse', { code: 'AccessDenied', status: 403 });
    assert.equal((await failure(carryOut(name, input, at.context({ stated: two })))).code, 'api-answers');
    await fault('refuse', { code: 'InternalFailure', status: 500 });
    assert.equal((await carryOut(name, input, at.context({ stated: two }))).proofs?.length, 1);
  });

  it('cannot tell a dead region where no other region answers, and needs another region to tell by', async () => {
    await at.settings({ unreachable: ['us-east-1', 'us-west-2'] });
    const cut = await failure(carryOut(name, input, at.context({ stated: two })));
    assert.deepEqual([cut.code, cut.remedy], ['cannot-tell', 'person']);
    await at.settings({ unreachable: ['us-west-2'] });
    const same = await failure(carryOut(name, { ...input, site: 'west', witness: 'vault' }, at.context({ stated: two })));
    assert.deepEqual([same.code, same.remedy], ['no-witness', 'mistake']);
  });

  it('does not take the word of one, of one who said it twice, or of nobody with a name', async () => {
    await lost();
    for (const stated of [[], [two[0]!], [two[0]!, two[0]!], [word('', 'anonymous'), word('', 'anonymous')]])
      for (const phase of ['execute', 'verify'] as const) {
        const error = await failure(typeOf(name)[phase](input, at.context({ stated })) as Promise<unknown>);
        assert.deepEqual([error.code, error.remedy], ['not-witnessed', 'person']);
      }
  });

  it('changes nothing at all, neither in its preflight nor when it is undone', async () => {
    const net = await network(at);
    await machine(net);
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input, at.context()));
    await lost();
    const made = at.context({ stated: two });
    await carryOut(name, input, made);
    await undo(name, input, made);
    assert.deepEqual(await at.ledger(), before);
  });

  it('keeps anything at that site from being trusted or started, and nothing elsewhere', async () => {
    await lost();
    const { proofs: fences } = await carryOut(name, input, at.context({ stated: two }));
    const error = await failure(refusePending('east', at.context({ fences: fences! })));
    assert.deepEqual([error.code, error.remedy], ['fence-pending', 'person']);
    assert.match(error.message, /fence\.settle/u);
    await refusePending('west', at.context({ fences: fences! }));
    const real = { ...fences![0]!, by: 'rds.isolate', with: input };
    await refusePending('east', at.context({ fences: fences!, proofs: [real] }));
  });

  it('takes no wildcard', () => {
    for (const id of ['', '*', 'shop-*']) assert.throws(() => typeOf(name).input.parse({ ...input, id }));
  });
});
