import assert from 'node:assert/strict';
import type { Facts } from '../../workflows/wire.ts';
import { agreed, child, moves, play, running, script } from './ensemble.ts';
import { ending, entries } from './scene.ts';
import { asked, calm, choose, gate, nextSystem, stateOf, step, theStage, until, type Play, type Stage } from './stage.ts';
import { Troupe } from './troupe.ts';

describe('gates of runs that a run has started', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('are approved by the gate before them, which their journal names with who and when', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1'), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    await play(theatre, troupe, { steps, script }, async (handle) => {
      await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
      await until(async () => (await stateOf(handle)).steps.find(({ id }) => id === 'one')?.state === 'done', 'the child to be done');
      const [decided] = await entries(child(theatre, system), 'decided');
      assert.deepEqual([decided?.by, decided?.counts, decided?.question], ['alice', true, 'cut-over']);
      assert.equal(decided?.note, `approved by the gate tier-1 of ${handle.workflowId}`);
      assert.equal((await ending(child(theatre, system))).verdict, 'recovered, unprotected');
    });
  });

  const doubtful: readonly (readonly [string, Partial<Facts>])[] = [
    ['the loss is not known', { atRisk: null, atRiskText: 'unknown' }],
    ['the loss is beyond its objective', { atRisk: { bytes: 9, milliseconds: 60_000 } }],
  ];
  for (const [what, facts] of doubtful)
    it(`ask themselves where ${what}`, async () => {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [
        gate('tier-1'),
        troupe.runs('one', [system], moves, { needs: ['tier-1'], header: { objectives: { recoveryPoint: 10_000 } } }),
      ];
      const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? { ...calm, ...facts } : calm) };
      await play(theatre, troupe, { steps, script, run }, async (handle) => {
        await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
        await running(theatre, system);
        assert.equal((await asked(child(theatre, system), 'cut-over')).count, 2);
      });
    });

  it('are approved by it where the loss was only not known in time, and is on a second look', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1'), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    let looks = 0;
    const late: Facts = { ...calm, atRisk: null, atRiskText: 'no answer within 2 s' };
    const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system && (looks += 1) < 3 ? late : calm) };
    await play(theatre, troupe, { steps, script, run }, async (handle) => {
      await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
      await running(theatre, system);
      assert.equal((await ending(child(theatre, system))).verdict, 'recovered, unprotected');
    });
    assert.ok(looks >= 3, `it looked ${looks} times`);
  });

  for (const [what, given] of [
    ['more people are needed than approved', { count: 2 }],
    ['those who approved do not hold the role that they ask', { approvers: ['dbas'] }],
  ] as const)
    it(`ask themselves where ${what}`, async () => {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [
        gate('tier-1'),
        troupe.runs('one', [system], [gate('cut-over', [], given), step('promote', ['cut-over'], { promotes: true })], {
          needs: ['tier-1'],
        }),
      ];
      await play(theatre, troupe, { steps, script }, async (handle) => {
        await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
        await running(theatre, system);
        assert.equal((await asked(child(theatre, system), 'cut-over')).kind, 'gate');
      });
    });

  it('are approved where nobody sees the source any more, by one more person, as they would ask themselves', async () => {
    const unseen: Facts = { ...calm, viewpoints: [{ name: 'probe', sees: 'unknown', text: 'the region does not answer' }] };
    for (const [count, asks] of [
      [2, false],
      [1, true],
    ] as const) {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [gate('tier-1', [], { count }), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
      const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? unseen : calm) };
      await play(theatre, troupe, { steps, script, run }, async (handle) => {
        await agreed(handle, 'tier-1');
        await running(theatre, system);
        if (asks) assert.equal((await asked(child(theatre, system), 'cut-over')).count, 2);
        else {
          assert.equal((await ending(child(theatre, system))).verdict, 'recovered, unprotected');
          assert.deepEqual((await entries(child(theatre, system), 'decided')).map(({ by }) => by).toSorted(), ['alice', 'bob']);
        }
      });
    }
  });

  it('ask themselves where their source is seen to serve', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1', [], { count: 2 }), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    const serving: Facts = { ...calm, viewpoints: [...calm.viewpoints.slice(1), { name: 'probe', sees: 'alive', text: 'markers' }] };
    const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? serving : calm) };
    await play(theatre, troupe, { steps, script, run }, async (handle) => {
      await agreed(handle, 'tier-1');
      await running(theatre, system);
      const question = await asked(child(theatre, system), 'cut-over');
      assert.ok(question.choices.some(({ choice }) => choice === 'planned'));
    });
  });
});
