import assert from 'node:assert/strict';
import type { Facts } from '../../workflows/wire.ts';
import { asked, calm, choose, gate, stateOf, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { decisions, ending, entries, scene } from './scene.ts';

describe('a gate', () => {
  let theatre: Stage;
  let done: string[];
  before(async () => (theatre = await theStage()));
  beforeEach(() => (done = []));

  const play = (given: Parameters<typeof gate>[2] = {}, more: Partial<Play> = {}): Play => ({
    steps: [gate('cut-over', [], given), step('promote', ['cut-over'], { promotes: true })],
    script: { 't.go.execute': ({ step: { id } }) => void done.push(id) },
    ...more,
  });
  const facts = (change: Partial<Facts>): Partial<Play> => ({ run: { 'run.facts': async () => ({ ...calm, ...change }) } });

  it('that is refused ends the run backed out, with nothing changed', () =>
    scene(theatre, play(), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'refuse', 'alice', 'not today');
      const { verdict, why, status } = await ending(handle);
      assert.deepEqual([verdict, status], ['backed out', 'completed']);
      assert.match(why, /^refused at cut-over by alice: not today\./u);
      assert.deepEqual(done, []);
    }));

  it('that nobody answers in time ends the run aborted, as a failed execution', () =>
    scene(theatre, play({ expires: 300 }), async (handle) => {
      const { verdict, why, status } = await ending(handle);
      assert.deepEqual([verdict, status], ['aborted', 'failed']);
      assert.match(why, /^nobody answered at cut-over in time/u);
      assert.deepEqual(done, []);
    }));

  it('that nobody answers lets one more role decide, and then ends the run', () =>
    scene(theatre, play({ expires: 200, onExpiry: { escalate: 'dbas', expires: 300, then: 'abort' } }), async (handle) => {
      assert.equal((await ending(handle)).verdict, 'aborted');
      assert.equal((await entries(handle, 'escalated')).length, 1);
      assert.equal((await entries(handle, 'expired')).length, 1);
    }));

  it('lets the role decide that it was escalated to, and did not before', () =>
    scene(theatre, play({ expires: 1_500, onExpiry: { escalate: 'dbas', expires: 60_000, then: 'abort' } }), async (handle) => {
      const question = await asked(handle, 'cut-over');
      await choose(handle, question, 'approve', 'carol');
      await until(async () => (await decisions(handle)).length === 1, 'carol is judged');
      await until(async () => (await entries(handle, 'escalated')).length === 1, 'escalated');
      assert.deepEqual((await stateOf(handle)).questions[0]?.approvers, ['leads', 'dbas']);
      await choose(handle, question, 'approve', 'carol');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(await decisions(handle), [
        ['carol', false, 'not in leads'],
        ['carol', true, ''],
      ]);
    }));

  it('goes on by itself where its runbook says so, and the journal says that nobody answered', () =>
    scene(theatre, play({ expires: 200, onExpiry: { then: 'proceed' } }), async (handle) => {
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.match((await entries(handle, 'expired'))[0]?.note ?? '', /nobody answered in time; then: proceed/u);
      assert.deepEqual(await decisions(handle), []);
    }));

  const doubts: [string, Partial<Facts>, RegExp][] = [
    ['the loss is not known', { atRisk: null, atRiskText: 'unknown' }, /how much would be lost is not known/u],
    ['the loss is beyond the objective', { atRisk: { bytes: 9, milliseconds: 11_000 } }, /beyond the objective of 10 s/u],
    ['the loss is beyond the objective, in time alone', { atRisk: { bytes: null, milliseconds: 11_000 } }, /beyond the objective of 10 s/u],
    [
      'the time that would be lost is not known',
      { atRisk: { bytes: 9, milliseconds: null } },
      /within the objective of 10 s is not known/u,
    ],
    ['one viewpoint alone sees the source dead', { viewpoints: calm.viewpoints.slice(0, 1) }, /only 1 viewpoint see/u],
    [
      'the probe sees the source alive',
      { viewpoints: [...calm.viewpoints, { name: 'probe', sees: 'alive', text: 'markers' }] },
      /a planned run loses nothing/u,
    ],
  ];
  for (const [when, change, why] of doubts) {
    it(`needs one more person where ${when}`, () =>
      scene(theatre, play({}, { ...facts(change), header: { objectives: { recoveryPoint: 10_000 } } }), async (handle) => {
        const question = await asked(handle, 'cut-over');
        assert.equal(question.count, 2);
        assert.ok(
          question.facts.some(({ value }) => why.test(value)),
          JSON.stringify(question.facts),
        );
        await choose(handle, question, 'approve', 'alice');
        await until(async () => (await stateOf(handle)).questions[0]?.have.includes('alice'), 'alice has approved');
        assert.deepEqual(done, []);
        await choose(handle, question, 'approve', 'bob');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      }));
  }

  it('asks again, as another attempt, where what was approved has worsened beyond its limit', async () => {
    let looks = 0;
    const worse = async (): Promise<Facts> => ({ ...calm, atRisk: { bytes: (looks += 1) >= 2 ? 90_000 : 8_000, milliseconds: 20 } });
    await scene(theatre, play({ limit: 10_000 }, { run: { 'run.facts': worse } }), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
      const again = await asked(handle, 'cut-over', 2);
      assert.match(again.choices[0]?.signal ?? '', /about 90 kB lost #2$/u);
      assert.match((await entries(handle, 'expired'))[0]?.note ?? '', /grown by 82000 bytes/u);
      assert.deepEqual(done, []);
      await choose(handle, again, 'approve', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });

  it('asks again where it would by now take more people than have approved', async () => {
    let looks = 0;
    const worse = async (): Promise<Facts> => ({ ...calm, viewpoints: (looks += 1) === 2 ? [] : calm.viewpoints });
    await scene(theatre, play({ limit: 10_000 }, { run: { 'run.facts': worse } }), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
      const again = await asked(handle, 'cut-over', 2);
      assert.equal(again.count, 2);
      for (const by of ['alice', 'bob']) await choose(handle, again, 'approve', by);
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });

  it('shows what is asked, the facts, the deadline and the command in the details, and one described signal for each choice', () =>
    scene(theatre, play({ expires: 60_000, show: [{ label: 'at risk', value: { $ref: ['run', 'data-at-risk'] } }] }), async (handle) => {
      const question = await asked(handle, 'cut-over');
      const open = await metadata(handle);
      assert.match(open.currentDetails, /^## Move on at cut-over/u);
      assert.match(open.currentDetails, /\*\*at risk\*\*: about 8 kB lost/u);
      assert.ok(open.currentDetails.includes(`until ${question.deadline?.slice(11, 19)}`), open.currentDetails);
      assert.match(open.currentDetails, / {4}lifeboat approve \{workflowId\}/u);
      assert.deepEqual(open.signals, {
        [question.choices[0]!.signal]: 'Move on at cut-over',
        [question.choices[1]!.signal]: 'Do not go on; what was done is undone.',
      });
      await choose(handle, question, 'approve', 'alice');
      await handle.result();
      assert.deepEqual((await metadata(handle)).signals, {});
    }));

  it('keeps its commands in the details however long the facts are', () => {
    const show = Array.from({ length: 40 }, (_, n) => ({ label: `fact ${n}`, value: 'long '.repeat(200) }));
    return scene(theatre, play({ show }), async (handle) => {
      await asked(handle, 'cut-over');
      const { currentDetails } = await metadata(handle);
      assert.ok(currentDetails.length <= 4_100, `${currentDetails.length} characters`);
      assert.match(currentDetails, /lifeboat refuse \{workflowId\}/u);
      assert.match(currentDetails, /and \d+ more: `lifeboat status/u);
    });
  });

  it('names what it asks even where its title leads to an output that nobody left', () =>
    scene(theatre, play({ title: { $ref: ['steps', 'gone', 'outputs', 'x'] } }), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    }));
});

interface Metadata {
  readonly definition: { readonly signalDefinitions: readonly { readonly name: string | null; readonly description?: string }[] };
  readonly currentDetails: string;
}

/** What the Temporal UI reads: open signals with their descriptions, and the details. */
async function metadata(
  handle: Handle,
): Promise<{ readonly currentDetails: string; readonly signals: { readonly [name: string]: string } }> {
  const { definition, currentDetails } = await handle.query<Metadata>('__temporal_workflow_metadata');
  const named = definition.signalDefinitions.filter(({ name }) => name && !name.startsWith('__'));
  return { currentDetails, signals: Object.fromEntries(named.map(({ name, description }) => [name, description ?? ''])) };
}
