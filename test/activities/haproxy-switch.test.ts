import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { PostgresFacts, SystemFacts } from '../../plan/plan.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { asked, traffic, type Traffic } from './haproxy.ts';

describe('haproxy.switch', () => {
  let at: Traffic;
  beforeEach(async () => {
    at = await traffic();
  });
  afterEach(() => at?.end());
  const input = (more: object = {}) => ({
    host: 'edge',
    backend: 'orders',
    from: 'a-db',
    to: 'b-db',
    socket: at.socket,
    save: at.save,
    ...more,
  });

  it('changes nothing in its preflight, and says what it found', async () => {
    const before = await at.states();
    const said = (await typeOf('haproxy.switch').preflight(input(), at.context())).join(' ');
    assert.match(said, /orders\/a-db as UP with 0 sessions.*orders\/b-db as MAINT with 0 sessions.*saved in/);
    assert.equal(await at.states(), before);
    assert.equal(readFileSync(at.save, 'utf8'), '');
  });

  it('moves every session to the other server, and ends those on the old one', async () => {
    const held = await at.hold();
    const closed = once(held, 'close');
    const outcome = await carryOut('haproxy.switch', input(), at.context());
    assert.deepEqual(outcome.outputs, { from: 'MAINT', to: 'UP' });
    await closed;
    assert.equal(at.open('a-db'), 0);
    assert.deepEqual([await at.get(), await at.get()], ['b-db', 'b-db']);
  });

  it('never gives sessions to both: once the new server has answered, the old one has no session and gets none', async () => {
    const held = [await at.hold(), await at.hold()];
    const asking = asked(at);
    let overlapped = false;
    const watch = setInterval(() => (overlapped ||= at.open('b-db') > 0 && at.open('a-db') > 0), 1);
    await carryOut('haproxy.switch', input(), at.context());
    clearInterval(watch);
    const answers = await asking.stop();
    const first = answers.indexOf('b-db');
    assert.ok(first > 0 && answers.indexOf('a-db') >= 0, answers.join(' '));
    assert.ok(!answers.slice(first).includes('a-db'));
    assert.equal(overlapped, false);
    for (const one of held) one.destroy();
  });

  it('keeps what it did over a reload, which forgets it where it is not saved', async () => {
    await carryOut('haproxy.switch', input(), at.context());
    await at.reload();
    assert.deepEqual([await at.get(), await at.get()], ['b-db', 'b-db']);
    writeFileSync(at.save, '');
    await at.reload();
    assert.equal(await at.get(), 'a-db');
    const error = await failure(typeOf('haproxy.switch').verify(input(), at.context()));
    assert.equal(error.code, 'haproxy-not-switched');
  });

  it('does not believe a saved state that says something else', async () => {
    await carryOut('haproxy.switch', input(), at.context());
    writeFileSync(at.save, '');
    assert.equal((await failure(typeOf('haproxy.switch').verify(input(), at.context()))).code, 'haproxy-not-saved');
  });

  it('changes nothing when it is run again', async () => {
    await carryOut('haproxy.switch', input(), at.context());
    let changes = 0;
    const context = at.context({ stillOurs: async () => void (changes += 1) });
    await carryOut('haproxy.switch', input({ save: undefined }), context);
    assert.equal(changes, 0);
  });

  it('goes on where an attempt before it was killed with the old server out and the new one not in', async () => {
    await at.api('set server orders/a-db state maint');
    assert.equal(await at.get(), 'nobody');
    await carryOut('haproxy.switch', input(), at.context());
    assert.equal(await at.get(), 'b-db');
  });

  it('switches nothing once the run no longer runs', async () => {
    const late = at.context({ stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('haproxy.switch').execute(input(), late), /lent to another run/);
    assert.equal(await at.get(), 'a-db');
  });

  it('is undone, also where it never finished', async () => {
    const before = await at.api('show servers state orders');
    await at.api('set server orders/a-db state maint');
    await undo('haproxy.switch', input(), at.context());
    assert.equal(await at.get(), 'a-db');
    await carryOut('haproxy.switch', input(), at.context());
    await undo('haproxy.switch', input(), at.context());
    assert.deepEqual([await at.get(), await at.get()], ['a-db', 'a-db']);
    const states = (text: string) =>
      text
        .split('\n')
        .map((line) => line.split(' ').slice(3, 4).join())
        .sort();
    assert.deepEqual(states(await at.api('show servers state orders')), states(before));
  });

  it('says plainly what stands in its way', async () => {
    const type = typeOf('haproxy.switch');
    const codes = async (more: object) => {
      const error = await failure(type.preflight(input(more), at.context()));
      return [error.code, error.remedy];
    };
    assert.deepEqual(await codes({ to: 'c-db' }), ['haproxy-unknown', 'mistake']);
    assert.deepEqual(await codes({ backend: 'nothing' }), ['haproxy-unknown', 'mistake']);
    assert.deepEqual(await codes({ socket: '/run/nowhere.sock' }), ['haproxy-socket', 'person']);
    assert.deepEqual(await codes({ socket: `${at.socket}.user` }), ['haproxy-level', 'person']);
    if (process.getuid?.() === 0) assert.deepEqual(await codes({ as: 'daemon' }), ['haproxy-login', 'person']);
    const error = await failure(type.execute(input({ save: '/proc/nowhere' }), at.context()));
    assert.deepEqual([error.code, error.remedy], ['haproxy-not-saved', 'person']);
  });

  it('refuses names that would end a command', () => {
    for (const bad of ['a;b', 'a b', 'a\nb', '-a', 'a/b', ''])
      assert.throws(() => typeOf('haproxy.switch').input.parse(input({ from: bad })), bad);
    assert.throws(() => typeOf('haproxy.switch').input.parse(input({ socket: '/run/a,b' })));
    assert.throws(() => typeOf('haproxy.switch').input.parse(input({ to: 'a-db' })), /same server/);
  });

  it('proves in a rehearsal that it could, and switches nothing of what is in front of production', async () => {
    const before = await at.states();
    const calm = at.context({ live: false, stillOurs: () => Promise.reject(new Error('nothing is changed')) });
    const { outputs, evidence } = await rehearse('haproxy.switch', input(), calm);
    assert.deepEqual(outputs, { from: 'UP', to: 'MAINT' });
    assert.match(evidence.join(' '), /HAProxy \d\S* on edge .* administrator\. .*may be written\. Nothing was switched/);
    assert.deepEqual([await at.states(), readFileSync(at.save, 'utf8')], [before, '']);
    const code = async (more: object) => (await failure(rehearse('haproxy.switch', input(more), calm))).code;
    assert.equal(await code({ socket: `${at.socket}.user` }), 'haproxy-level');
    assert.equal(await code({ to: 'c-db' }), 'haproxy-unknown');
    assert.equal(await code({ save: '/proc/nowhere' }), 'haproxy-not-saved');
  });

  it('proves in a rehearsal the server in service, where the runbook names the database that is copied', async () => {
    const { outputs } = await rehearse('haproxy.switch', input({ to: 'copy-of-b-db' }), at.context({ live: false, system: copied }));
    assert.deepEqual(outputs, { from: 'UP', to: 'MAINT' });
  });
});

const pair = (members: PostgresFacts['members']): PostgresFacts => ({
  members,
  port: 5432,
  data: {},
  bin: {},
  database: 'orders',
  user: 'lifeboat',
  service: {},
});
/** The system as a rehearsal has it: its database at site-b is a copy. */
const copied: SystemFacts = {
  name: 'orders',
  tier: 1,
  postgres: pair({ 'site-a': 'a-db', 'site-b': 'copy-of-b-db' }),
  copies: { inService: { postgres: pair({ 'site-a': 'a-db', 'site-b': 'b-db' }) }, root: '/var/lib/lifeboat/rehearsal', expires: 1 },
};
