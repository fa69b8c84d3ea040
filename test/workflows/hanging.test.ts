import assert from 'node:assert/strict';
import { controlQueue } from '../../workflows/wire.ts';
import { asked, choose, gate, nextSystem, step, theStage, until, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';
import type { Entry } from '../../record/journal.ts';

describe('a run cannot hang', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));
  const script: NonNullable<Play['script']> = { 't.go.execute': () => undefined };

  for (const [what, input] of [
    ['no input', []],
    ['null', [null]],
    ['a word', ['orders']],
    ['a number for a name', [{ system: 7, mode: 'planned' }]],
    ['a name of 5,000 characters', [{ system: 'x'.repeat(5_000), mode: 'planned' }]],
  ] as const) {
    it(`over ${what}: it fails in words`, () =>
      scene(theatre, { steps: [], script }, async () => {
        const handle = await theatre.client.workflow.start('failover', {
          workflowId: `odd-${nextSystem()}`,
          taskQueue: controlQueue,
          args: [...input],
          workflowExecutionTimeout: '20 seconds',
        });
        const { verdict, why } = await ending(handle);
        assert.equal(verdict, 'input');
        assert.match(why, /\{"system":"orders","mode":"unplanned"\}/u);
      }));
  }

  const broken: [string, Play['steps'], RegExp][] = [
    ['a plan with a step that needs what is not there', [step('a', ['nowhere'])], /no step "nowhere"/u],
    ['a plan with a cycle', [step('a', ['b']), step('b', ['a'])], /nothing can go on: a, b wait for what never ends/u],
    ['a plan with an unknown kind of reference', [step('a', [], {}, { if: { $ref: null as never } })], /fault in the run itself/u],
    ['a plan that is no plan', [null as never], /null/u],
  ];
  for (const [what, steps, why] of broken) {
    it(`over ${what}: it fails in words`, () =>
      scene(theatre, { steps, script }, async (handle) => {
        const ended = await ending(handle);
        assert.deepEqual([ended.verdict, ended.status], ['failed', 'failed']);
        assert.match(ended.why, why);
      }));
  }

  it('over a site that may carry out no step: it says so', () =>
    scene(theatre, { header: { sites: { 'site-b': { kind: 'physical', steps: 0 } } }, steps: [step('a')], script }, async (handle) => {
      assert.match((await ending(handle)).why, /nothing can go on: a wait/u);
    }));

  // A server fails the task that writes an attribute which it does not know, again and again.
  for (const known of [[], ['LifeboatState'], ['LifeboatState', 'LifeboatSystem']]) {
    it(`over search attributes where the server has ${known.join(' and ') || 'none'}: it writes no other`, () =>
      scene(theatre, { steps: [step('p', [], { promotes: true })], script, known }, async (handle) => {
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        const { indexedFields } = (await handle.describe()).raw.workflowExecutionInfo?.searchAttributes ?? {};
        assert.deepEqual(
          Object.keys(indexedFields ?? {})
            .filter((name) => name.startsWith('Lifeboat'))
            .toSorted((a, b) => a.localeCompare(b)),
          known,
        );
      }));
  }

  it('over 2,500 steps that could all begin at once: only so many are under way', async () => {
    let now = 0;
    let most = 0;
    const busy = {
      't.go.execute': async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
      },
    };
    const header = { sites: { 'site-a': { kind: 'physical', steps: 5_000 }, 'site-b': { kind: 'physical', steps: 5_000 } } } as const;
    const steps = Array.from({ length: 2_500 }, (_, n) => step(`s${n}`));
    // Without its end: the 2,500 are as quick as the machine.
    await scene(theatre, { header, steps, script: busy }, async (handle) => {
      await until(async () => (await entries(handle, 'done')).length >= 150, '150 steps are done');
      const pending = (await handle.describe()).raw.pendingActivities?.length ?? 0;
      assert.ok(pending <= 100 && most <= 100, `${pending} pending, ${most} at once`);
      assert.ok(most > 1);
    });
  });

  it('never more steps at once than a site has slots', async () => {
    let now = 0;
    let most = 0;
    const busy = {
      't.go.execute': async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        now -= 1;
      },
    };
    const steps = Array.from({ length: 9 }, (_, n) => step(`s${n}`));
    await scene(theatre, { header: { sites: { 'site-b': { kind: 'physical', steps: 3 } } }, steps, script: busy }, async (handle) => {
      await ending(handle);
      assert.equal(most, 3);
    });
  });

  it('over a step whose result is too large: people are asked, and the step is not repeated', () => {
    let tries = 0;
    const large = { 't.large.execute': () => ((tries += 1), { outputs: { text: 'x'.repeat(3_000_000) } }) };
    return scene(theatre, { steps: [step('a', [], { uses: 't.large', retry: { times: 3, wait: 10 } })], script: large }, async (handle) => {
      assert.match((await asked(handle, 'a')).facts[0]?.value ?? '', /has 30\d+ bytes, more than/u);
      assert.equal(tries, 1);
    });
  });

  it('over a step that would be given too much: people are asked', () => {
    const big = { 't.big.execute': () => ({ outputs: { text: 'ä'.repeat(200_000) } }), ...script };
    const many = Array.from({ length: 12 }, (_, n) => step(`b${n}`, [], { uses: 't.big' }));
    const all = Object.fromEntries(many.map(({ id }) => [id, { $ref: ['steps', id, 'outputs', 'text'] }]));
    return scene(
      theatre,
      {
        steps: [
          ...many,
          step(
            'user',
            many.map(({ id }) => id),
            { with: all },
          ),
        ],
        script: big,
      },
      async (handle) => {
        assert.match((await asked(handle, 'user')).facts[0]?.value ?? '', /what user would be given has \d+ characters/u);
      },
    );
  });

  it('over a journal that is too large for one payload: the record gets what fits, its end included', () => {
    let got: readonly Entry[] = [];
    const header = { sites: { 'site-b': { kind: 'physical', steps: 20, records: '/records' } } } as const;
    const big = { 't.big.execute': () => ({ outputs: { text: 'ä'.repeat(200_000) } }), ...script };
    const many = Array.from({ length: 12 }, (_, n) => step(`b${n}`, [], { uses: 't.big' }));
    const run: Play['run'] = { 'run.record': async ({ journal }) => ((got = journal), 'report.html') };
    return scene(
      theatre,
      {
        header,
        steps: [
          ...many,
          step(
            'p',
            many.map(({ id }) => id),
            { promotes: true },
          ),
        ],
        script: big,
        run,
      },
      async (handle) => {
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.ok(JSON.stringify(got).length < 700_000);
        assert.equal(got.filter(({ what }) => what === 'done').length, 13);
        assert.equal(got.at(-1)?.what, 'ended');
      },
    );
  });

  it('over words of any length and script, in titles, ids and facts', () => {
    const long = '災害復旧 — '.repeat(60);
    const steps = [gate('gate', [], { title: long, show: [{ label: long, value: long }] }), step('p', ['gate'], { promotes: true })];
    return scene(theatre, { steps, script, header: { description: long, runbook: long } }, async (handle) => {
      await choose(handle, await asked(handle, 'gate'), 'approve', 'alice', long);
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });
});
