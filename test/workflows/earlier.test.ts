import assert from 'node:assert/strict';
import { earlier } from '../../workflows/earlier.ts';
import { asked, choose, gate, header, step, theStage, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';

const host = (name: string) => ({ [name]: { name, site: 'site-b', connection: 'local' as const, views: {}, alive: 22 } });
const steps = [
  step('power', [], { uses: 't.power', hosts: host('b-db') }),
  gate('cut-over', ['power']),
  step('look', ['cut-over'], { uses: 't.look', effect: 'read', hosts: host('c-db') }),
  step('promote', ['look'], { promotes: true, hosts: host('b-db') }),
  step('follow', ['promote'], { uses: 't.follow', hosts: host('b-db') }),
];
const plan = { ...header({ steps }), steps };

describe('what steps before a step do to hosts', () => {
  it('is what those it needs change, near or far, and what they promote', () => {
    assert.deepEqual(
      earlier(plan, steps[4]!, () => false),
      { promoted: ['b-db'], changed: ['b-db'] },
    );
    assert.deepEqual(
      earlier(plan, steps[0]!, () => false),
      { promoted: [], changed: [] },
    );
  });

  it('leaves out what the mode leaves out', () => {
    assert.deepEqual(
      earlier(plan, steps[4]!, ({ id }) => id === 'promote'),
      { promoted: [], changed: ['b-db'] },
    );
  });
});

describe('a preflight', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));
  const script = {
    't.go.execute': () => undefined,
    't.look.execute': () => undefined,
    't.power.execute': () => undefined,
    't.follow.execute': () => undefined,
  };
  /** The preflight of these steps fails with this code. */
  const failing = (ids: readonly string[], code: string) => ({
    steps,
    script,
    run: {
      'run.preflight': async ({ calls }: { calls: readonly { step: { id: string } }[] }) =>
        calls.map(({ step: { id } }) => ({ step: id, ok: !ids.includes(id), seen: ['as it is'], code: ids.includes(id) ? code : '' })),
    },
  });

  it('asks nobody where a host does not answer that a step before switches on, and tells it at the gate', () =>
    scene(theatre, failing(['follow', 'promote'], 'ssh-unreachable'), async (handle) => {
      const question = await asked(handle, 'cut-over');
      assert.ok(question.facts.some(({ label }) => label === 'preflight of follow'));
      for (const by of ['alice', 'bob'].slice(0, question.count)) await choose(handle, question, 'approve', by);
      assert.match((await ending(handle)).verdict, /^recovered/u);
    }));

  it('asks where the host that does not answer is one that nobody switches on', () =>
    scene(theatre, failing(['power'], 'ssh-unreachable'), async (handle) => {
      assert.equal((await asked(handle, 'preflight')).kind, 'intervention');
      assert.deepEqual(await entries(handle, 'begun'), []);
    }));

  it('asks where what fails is no silence', () =>
    scene(theatre, failing(['follow'], 'postgres-login'), async (handle) => {
      assert.equal((await asked(handle, 'preflight')).kind, 'intervention');
    }));
});
