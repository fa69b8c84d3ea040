import assert from 'node:assert/strict';
import { asked, cast, choose, gate, journalOf, nextSystem, start, stateOf, step, theStage, type Stage } from './stage.ts';

describe('a run walks its plan', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('carries out every step after those it needs, and those that need nothing of each other side by side', async () => {
    const system = nextSystem();
    const order: string[] = [];
    let together = 0;
    let most = 0;
    const play = {
      header: { system: { name: system, tier: 1 } },
      steps: [step('a'), step('b', ['a']), step('c', ['a']), step('d', ['b', 'c'], { promotes: true })],
      script: {
        't.go.execute': async ({ step: { id } }: { step: { id: string } }) => {
          order.push(id);
          together += 1;
          most = Math.max(most, together);
          await new Promise((resolve) => setTimeout(resolve, 60));
          together -= 1;
        },
      },
    };
    const result = await (await cast(theatre, play)).run(async () => (await start(theatre, system)).result());
    assert.equal(result.verdict, 'recovered, unprotected');
    assert.equal(result.serving, 'site-b');
    assert.equal(order[0], 'a');
    assert.equal(order[3], 'd');
    assert.equal(most, 2);
  });

  it('asks at a gate, and goes on when a person of the role approves with one signal and no input', async () => {
    const system = nextSystem();
    const play = {
      header: { system: { name: system, tier: 1 }, decisions: 'anonymous' as const },
      steps: [gate('cut-over'), step('promote', ['cut-over'], { promotes: true })],
      script: { 't.go.execute': () => undefined },
    };
    await (
      await cast(theatre, play)
    ).run(async () => {
      const handle = await start(theatre, system);
      const question = await asked(handle, 'cut-over');
      assert.equal(question.choices[0]?.signal, `Approve cut-over of ${system} to site-b, about 8 kB lost #1`);
      assert.equal((await stateOf(handle)).state, 'waiting for approval');
      await choose(handle, question, 'approve');
      assert.equal((await handle.result()).verdict, 'recovered, unprotected');
      const decided = (await journalOf(handle)).find((entry) => entry.what === 'decided');
      assert.ok(decided?.what === 'decided' && decided.counts && decided.how === 'anonymous');
    });
  });
});
