import assert from 'node:assert/strict';
import type { Stated } from '../../activities/step.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';

describe('fence.manual', () => {
  const input = { host: 'a-db' };
  const word = (by: string, how: Stated['how'] = 'stated'): Stated => ({ by, how, at: '2026-11-22T10:00:00.000Z' });
  const two = [word('carol@example.com'), word('dan@example.com')];
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());

  it('does not believe two people while the host still answers', async () => {
    const error = await failure(carryOut('fence.manual', input, context(at, { stated: two })));
    assert.deepEqual([error.code, error.remedy], ['fence-contradicted', 'person']);
  });

  it('takes the word of two people, also across a cut link, and says whose it was', async () => {
    await at.control('POST', '/power/a-db/off');
    await at.control('PUT', '/cut/link', { from: 'site-b', to: 'site-a' });
    const outcome = await carryOut('fence.manual', input, context(at, { stated: two }));
    assert.deepEqual(outcome.outputs, { by: ['carol@example.com', 'dan@example.com'] });
    assert.equal(outcome.proofs?.[0]?.latched, 'unknown');
    const again = await context(at, { proofs: outcome.proofs! }).reread(outcome.proofs![0]!);
    assert.deepEqual(again.evidence.slice(0, 2), outcome.evidence.slice(0, 2), 'read again, it is still their word');
  });

  it('does not take the word of one, of one who said it twice, or of nobody with a name', async () => {
    const sets = [[], [two[0]!], [two[0]!, two[0]!], [word('', 'anonymous'), word('', 'anonymous')]];
    for (const stated of sets) {
      for (const act of ['execute', 'verify'] as const) {
        const error = await failure(typeOf('fence.manual')[act](input, context(at, { stated })));
        assert.deepEqual([error.code, error.remedy], ['not-witnessed', 'person']);
      }
    }
  });

  it('only looks in its preflight', async () => {
    const before = at.ledger();
    assert.match((await typeOf('fence.manual').preflight(input, context(at))).join(' '), /a-db port 22/);
    assert.deepEqual(at.ledger(), before);
  });
});
