import assert from 'node:assert/strict';
import { carryOut, failure, typeOf } from './estate.ts';
import { plain } from './nowhere.ts';

describe('manual.task', () => {
  const task = { task: 'Tell the carrier.' };
  const word = { by: 'carol@example.com', how: 'stated', at: '2026-11-22T10:00:00.000Z', reason: 'ticket 7' } as const;

  it('is done when a person has said so, and names the person', async () => {
    const outcome = await carryOut('manual.task', task, plain({ stated: [word] }));
    assert.deepEqual(outcome.outputs, { by: ['carol@example.com'], at: word.at });
    assert.match(outcome.evidence[0] ?? '', /carol@example.com \(stated\) said .* Tell the carrier\. \(ticket 7\)/);
  });

  it('is not done before anybody has said so, and needs a person', async () => {
    for (const act of ['execute', 'verify'] as const) {
      const error = await failure(typeOf('manual.task')[act](task, plain()));
      assert.deepEqual([error.code, error.remedy], ['not-done', 'person']);
    }
  });
});
