import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lifeboat, json } from './call.ts';

/** Nobody listens there: what is refused before a connection is made must not need one. */
const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

describe('a mistyped call', () => {
  const cases: readonly (readonly [args: string, code: number, says: RegExp])[] = [
    ['failovr orders', 2, /no command "failovr"\. Did you mean "failover"\?/],
    ['constructor', 2, /no command "constructor"/],
    ['--as alice status', 2, /The command comes first/],
    ['failover orders --unplaned', 2, /"--unplaned" is not an option of failover\. Did you mean "--unplanned"\?/],
    ['failover orders --toString', 2, /"--toString" is not an option/],
    ['failover', 2, /failover needs a system/],
    ['failover orders', 2, /needs --planned or --unplanned; there is no default/],
    ['failover orders --planned --unplanned', 2, /exclude each other/],
    ['failover order --unplanned', 2, /no system "order" in .*\. Did you mean "orders"\?/],
    ['failover orders --unplanned --runbook orders-failovr', 2, /did you mean "orders-failover"/],
    ['failover orders --unplanned --param incident', 2, /--param incident is not NAME=VALUE/],
    ['failover orders --unplanned --param incdent=1', 2, /no parameter "incdent"\. Did you mean "incident"\?/],
    ['failover orders --unplanned --param incident=1 --param incident=2', 2, /incident is given twice/],
    ['failover orders db --unplanned', 2, /takes one name, and 2 were given/],
    ['failover orders --site site-a --unplanned', 2, /--site site-a and the system orders exclude each other/],
    ['failover --site site-x --unplanned', 2, /no site "site-x" in .*\. Did you mean "site-/],
    ['failover --site site-a --unplanned --runbook orders-failover', 2, /--runbook is for a run of one system/],
    ['failover --site site-a', 2, /needs --planned or --unplanned; there is no default/],
    ['restore --site site-a', 2, /"--site" is not an option of restore/],
    ['plan orders --kind failback', 2, /--kind is for the plan of a whole site/],
    ['plan --site site-a --kind failbck', 2, /no failbck of a whole site\. Did you mean "failback"\?/],
    ['run orders-failovr', 2, /no runbook "orders-failovr" in .*\. Did you mean "orders-failover"\?/],
    ['run orders-failover', 2, /needs --planned or --unplanned/],
    ['plan order --from site-a', 2, /Did you mean "orders"\?/],
    ['plan orders --from site-x', 2, /"site-x" is no site of orders\. Did you mean "site-/],
    ['approve --reason', 2, /--reason needs a value: --reason TEXT/],
    ['approve --reason --as alice', 2, /--reason needs a value before --as/],
    ['approve --as alice --as bob', 2, /--as is given twice/],
    ['approve --json=yes', 2, /--json takes no value/],
    ['skip orders', 2, /skip needs a reason/],
    ['done orders --reason ', 2, /done needs a reason/],
    ['worker', 2, /worker needs the site/],
    ['check --runbooks /nowhere/at/all', 2, /There is no folder \/nowhere\/at\/all/],
    ['report orders --history x.json', 2, /not both/],
    ['report --history /nowhere.json', 2, /cannot be read \(ENOENT\)/],
    ['status orders', 3, /Temporal does not answer at 127\.0\.0\.1:1/],
    ['approve orders', 3, /Temporal does not answer at 127\.0\.0\.1:1/],
    ['failover orders --unplanned', 3, /Temporal does not answer at 127\.0\.0\.1:1/],
  ];
  for (const [args, code, says] of cases) {
    it(`"lifeboat ${args}" ends with ${code} and says what to do`, async () => {
      const called = await lifeboat(args.split(' '), nowhere);
      assert.match(called.err, says);
      assert.equal(called.code, code);
      assert.equal(called.out, '');
      assert.doesNotMatch(called.err, /\n\s+at /, 'no stack trace');
      assert.ok(called.err.trim().split('\n').length >= 2, 'the fix stands on a line of its own');
    });
  }

  it('is told to a script as JSON on standard output too', async () => {
    const called = await lifeboat(['failover', 'orders', '--json'], nowhere);
    assert.equal(called.code, 2);
    assert.equal(json(called).error.code, 2);
    assert.match(json(called).error.message, /needs --planned or --unplanned/);
    assert.match(json(called).error.fix, /--unplanned: the source is lost/);
  });

  it('is not looked for in a runbooks folder that is not there: on the worst day the worker knows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-names-'));
    try {
      const called = await lifeboat(['failover', 'anything', '--unplanned'], nowhere, folder);
      assert.equal(called.code, 3, called.err);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('shows where it happened only where LIFEBOAT_DEBUG is set', async () => {
    const called = await lifeboat(['failovr'], { LIFEBOAT_DEBUG: '1' });
    assert.match(called.err, /\n\s+at /);
  });
});
