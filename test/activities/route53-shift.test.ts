import assert from 'node:assert/strict';
import { onCall } from '../../activities/aws/client.ts';
import { types } from '../../activities/index.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { failover, put, record, standing, weighted, zoneOf } from './route53-zone.ts';

const input = (zone: string, more: object = {}) => ({ site: 'west', zone, record, type: 'CNAME', from: 'east', to: 'west', ...more });
const atFirst = ['shop.example.com east 100 east.example.net 30', 'shop.example.com west 0 west.example.net 30'];
const after = ['shop.example.com east 0 east.example.net 30', 'shop.example.com west 100 west.example.net 30'];
/** Every preflight asks whether the actions are allowed. */
const simulated = 'iam:SimulatePrincipalPolicy';
const one = [weighted('east', 100), weighted('west', 0)];

describe('route53.shift', function () {
  this.timeout(60_000);
  let where: Cloud;

  before(async () => {
    where = await cloud();
  });

  it('exchanges the weights of two records and leaves everything else of them', async () => {
    const zone = await zoneOf(where, [...one, weighted('other', 7, 'else.example.com')]);
    const { outputs } = await carryOut('route53.shift', input(zone), where.context());
    assert.deepEqual(await standing(where, zone), ['else.example.com other 7 other.example.net 30', ...after]);
    const { 'clients-by': by, ...rest } = outputs as { 'clients-by': string };
    assert.deepEqual(rest, { records: 'east 0, west 100', 'in-sync': true, ttl: 30 });
    const seconds = (Date.parse(by) - Date.now()) / 1_000;
    assert.ok(seconds > 25 && seconds <= 30, `${seconds} s until the last resolver has the new answer`);
  });

  it('exchanges the roles of two failover records', async () => {
    const zone = await zoneOf(where, [failover('east', 'PRIMARY'), failover('west', 'SECONDARY')]);
    await carryOut('route53.shift', input(zone), where.context());
    assert.deepEqual(await standing(where, zone), [
      'shop.example.com east SECONDARY east.example.net 30',
      'shop.example.com west PRIMARY west.example.net 30',
    ]);
  });

  it('shifts a part where it is told the weights of before and after, and undoes that', async () => {
    const zone = await zoneOf(where, one);
    const part = input(zone, { was: { from: 100, to: 0 }, weights: { from: 90, to: 10 } });
    await carryOut('route53.shift', part, where.context());
    assert.match((await standing(where, zone)).join(), /east 90 .*west 10 /u);
    await undo('route53.shift', part, where.context());
    assert.deepEqual(await standing(where, zone), atFirst);
  });

  it('waits until all name servers answer so', async () => {
    const own = await cloud();
    const zone = await zoneOf(own, one);
    await own.settings({ seconds: { 'route53:change': 1.5 } });
    const started = Date.now();
    const { outputs } = await carryOut('route53.shift', input(zone), own.context());
    assert.ok(Date.now() - started >= 1_500, `it took ${Date.now() - started} ms`);
    assert.equal((outputs as { 'in-sync': boolean })['in-sync'], true);
  });

  it('shifts back, and does nothing where nothing was shifted', async () => {
    const zone = await zoneOf(where, one);
    await carryOut('route53.shift', input(zone), where.context());
    assert.deepEqual(await undo('route53.shift', input(zone), where.context()), ['shop.example.com leads to east again.']);
    assert.deepEqual(await standing(where, zone), atFirst);
    assert.deepEqual(await undo('route53.shift', input(zone), where.context()), ['shop.example.com leads to east: nothing was shifted.']);
  });

  it('refuses records that are not as it was told', async () => {
    const both = await zoneOf(where, [weighted('east', 50), weighted('west', 50)]);
    const told = await zoneOf(where, [weighted('east', 60), weighted('west', 0)]);
    for (const [zone, more] of [
      [both, {}],
      [told, { was: { from: 100, to: 0 }, weights: { from: 0, to: 100 } }],
    ] as const) {
      const kept = await standing(where, zone);
      for (const act of ['preflight', 'execute'] as const) {
        const error = await failure(typeOf('route53.shift')[act](input(zone, more), where.context()));
        assert.deepEqual([error.code, error.remedy], ['record-changed', 'person'], error.message);
      }
      assert.deepEqual(await standing(where, zone), kept);
    }
  });

  it('does nothing where somebody changes a record between its look and its act', async () => {
    const zone = await zoneOf(where, one);
    const meddle = async (): Promise<void> => put(where, zone, [{ ...weighted('west', 0), TTL: 99 }]);
    const error = await failure(carryOut('route53.shift', input(zone), where.context({ stillOurs: meddle })));
    assert.equal(error.code, 'record-changed', error.message);
    assert.deepEqual(await standing(where, zone), [atFirst[0], atFirst[1]!.replace(/30$/u, '99')]);
  });

  it('says which record is missing, and which zone', async () => {
    const zone = await zoneOf(where, one);
    const missing = await failure(typeOf('route53.shift').preflight(input(zone, { to: 'north' }), where.context()));
    assert.deepEqual([missing.code, missing.remedy], ['record-missing', 'person']);
    assert.match(missing.message, /no record "north": it has east, west/u);
    const unknown = await failure(typeOf('route53.shift').preflight(input('Z0000NOTHERE'), where.context()));
    assert.equal(unknown.code, 'aws-not-found');
  });

  it('refuses a wildcard, a blank name and a shift to itself', () => {
    for (const more of [{ record: '*.example.com' }, { record: '' }, { to: 'east' }, { weights: { from: 0, to: 1 } }])
      assert.equal(typeOf('route53.shift').input.safeParse(input('Z0123456789', more)).success, false, JSON.stringify(more));
  });

  it('refuses another account than that of the inventory, before it changes anything', async () => {
    const zone = await zoneOf(where, one);
    const context = where.context();
    const error = await failure(
      carryOut('route53.shift', input(zone), { ...context, aws: () => ({ ...where.sites['west']!, account: '000000000000' }) }),
    );
    assert.equal(error.code, 'wrong-account');
    assert.deepEqual(await standing(where, zone), atFirst);
  });

  it('stops where the run has lost the system', async () => {
    const zone = await zoneOf(where, one);
    const lost = (): Promise<void> => Promise.reject(new Error('lent'));
    await assert.rejects(carryOut('route53.shift', input(zone), where.context({ stillOurs: lost })), /lent/u);
    assert.deepEqual(await standing(where, zone), atFirst);
  });

  it('does not reach a region that is lost, and says so', async () => {
    const own = await cloud();
    const zone = await zoneOf(own, one);
    await own.settings({ unreachable: ['us-east-1'] });
    const error = await failure(typeOf('route53.shift').preflight(input(zone), own.context()));
    assert.match(error.code, /^aws-(?:lost|unreachable)$/u);
  });

  it('is rehearsed on copies under a name of their own, which go again', async () => {
    const zone = await zoneOf(where, one);
    const { outputs } = await rehearse('route53.shift', input(zone), where.context({ live: false }));
    assert.equal((outputs as { records: string }).records, 'east 0, west 100');
    assert.deepEqual(await standing(where, zone), atFirst);
    await assert.rejects(rehearse('route53.shift', input(zone), where.context()), /does not rehearse/u);
  });

  it('calls what it declares and nothing else, and only reads in its preflight', async () => {
    const zone = await zoneOf(where, one);
    const calls = new Set<string>();
    const type = types.find(({ name }) => name === 'route53.shift')!;
    const stop = onCall(({ action }) => calls.add(action));
    try {
      const context = where.context();
      await type.preflight(input(zone), context);
      assert.deepEqual(
        [...calls].filter((action) => ![simulated, ...type.iam!.preflight!].includes(action)),
        [],
      );
      assert.deepEqual(await standing(where, zone), atFirst);
      await carryOut('route53.shift', input(zone), context);
    } finally {
      stop();
    }
    // Whose credentials they are is asked once a session: it may have been before.
    const own = (actions: Iterable<string>) => [...actions].filter((action) => action.startsWith('route53:')).sort();
    assert.deepEqual(own(calls), own(type.iam!.execute!));
  });

  it('leaves no record of a rehearsal that was killed half way, once it is swept', async () => {
    const zone = await zoneOf(where, one);
    const made = where.context({ live: false });
    let acts = 0;
    const killed = async (): Promise<void> => {
      acts += 1;
      if (acts > 1) throw new Error('killed');
    };
    await assert.rejects(rehearse('route53.shift', input(zone), { ...made, stillOurs: killed }), /killed/u);
    const left = async () =>
      (await where.ledger()).filter(({ id, gone }) => !gone && id.startsWith('lifeboat-rehearsal')).map(({ id }) => id);
    assert.equal(new Set(await left()).size, 2);
    const { sweep } = typeOf('route53.shift');
    assert.match((await sweep!(input(zone), made)).join(), /records lifeboat-rehearsal-\w+\.shop\.example\.com\.? CNAME are no more/u);
    assert.deepEqual([await left(), await sweep!(input(zone), made)], [[], []]);
    assert.deepEqual(await standing(where, zone), atFirst);
  });
});

faultTable<string>('route53.shift', {
  prepare: (own) => zoneOf(own, one),
  input: (zone) => input(zone),
  effects: (_fresh, _zone, all) =>
    all.filter(({ kind, gone, state }) => kind === 'record' && !gone && state !== null).map(({ name, state }) => `${name} ${state}`),
  afterUndo: () => [],
});
