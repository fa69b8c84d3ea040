import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../../lab/tools.ts';
import type { RunState } from '../../workflows/wire.ts';
import { asked, cast, gate, nextSystem, stage, step, until, type Play, type Stage } from '../workflows/stage.ts';
import { argv, json, lifeboat, plainEnvironment, root, type Called } from './call.ts';

describe('lifeboat with a server and its workers', () => {
  let theatre: Stage;
  let address: string;
  let empty: string;
  before(async () => {
    theatre = await stage();
    address = theatre.env.address ?? '';
    empty = await mkdtemp(join(tmpdir(), 'lifeboat-live-'));
  });
  after(async () => {
    await theatre.env.teardown();
    await rm(empty, { recursive: true });
  });

  // In a folder without runbooks: the names of these plays are known to the worker alone.
  const call = (...args: string[]): Promise<Called> => lifeboat(args, { TEMPORAL_ADDRESS: address, LIFEBOAT_AS: 'zoe' }, empty);
  const play = (system: string, more: Partial<Play> = {}): Play => ({
    header: { system: { name: system, tier: 1 } },
    steps: [step('look'), gate('cut-over', ['look']), step('promote', ['cut-over'], { promotes: true })],
    script: { 't.go.execute': () => undefined },
    ...more,
  });
  const handleOf = (system: string) => theatre.client.workflow.getHandle(`failover-${system}`);

  it('starts a failover, follows it line by line, and ends with 0 once it was approved and recovered', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      let shown = '';
      const following = lifeboat(
        ['failover', system, '--unplanned'],
        { TEMPORAL_ADDRESS: address, LIFEBOAT_AS: 'zoe' },
        empty,
        (out) => (shown = out),
      );
      await until(async () => shown.includes('asked of:'), 'the follower shows what is asked', 30_000);
      const approved = await call('approve', system, '--as', 'alice');
      assert.equal(approved.code, 0, approved.err);
      assert.match(approved.out, /Counted: approve of cut-over \(attempt 1\) by alice/);
      const run = await following;
      assert.equal(run.code, 0, run.err);
      assert.match(run.out, /look done/);
      assert.match(run.out, /\? .*cut-over.*\n(.*\n)+.*asked of: one person of leads/);
      assert.match(run.out, new RegExp(`approve failover-${system}`), 'the command stands there');
      assert.match(run.out, /promote done/);
      assert.match(run.out, /✓ recovered, unprotected/);
      assert.match(run.out, /site-b serves/);
      assert.doesNotMatch(run.out, /\u001b/, 'nothing is drawn where there is no terminal');
    });
  });

  it('attaches to a run under way, says who started it, and changes nothing in it', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      const first = await call('failover', system, '--unplanned', '--no-wait', '--json', '--as', 'yara');
      assert.equal(first.code, 0, first.err);
      assert.equal(json(first).attached, false);
      const second = await call('failover', system, '--planned', '--no-wait', '--json');
      assert.equal(json(second).attached, true);
      assert.equal(json(second).runId, json(first).runId);
      assert.match(second.err, new RegExp(`Attached to the run under way: failover-${system}, started by yara at 20`));
      await asked(handleOf(system), 'cut-over');
      assert.equal((await handleOf(system).query<RunState>('state')).mode, 'unplanned');
      const refused = await call('refuse', system, '--as', 'alice', '--json');
      assert.equal(refused.code, 0, refused.err);
      const ended = await call('status', system);
      assert.equal(ended.code, 1);
      assert.match(ended.out, /✗ (refused|backed out): refused at cut-over by alice/);
    });
  });

  it('says that a decision does not count, and why, and ends with 4', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
      const own = await call('approve', system);
      assert.equal(own.code, 4, own.out);
      assert.match(own.out, /does not count: approve of cut-over .* by zoe: who started the run cannot approve it/);
      const stranger = await call('approve', system, '--as', 'mallory', '--json');
      assert.equal(stranger.code, 4);
      assert.equal(json(stranger).counts, false);
      assert.match(json(stranger).note, /not in leads/);
      assert.equal((await call('approve', system, '--as', 'bob')).code, 0);
      await handleOf(system).result();
      const late = await call('approve', system, '--as', 'alice');
      assert.equal(late.code, 4);
      assert.match(late.err, /is over .*asks nothing any more/);
    });
  });

  it('counts people where a gate needs several', async () => {
    const system = nextSystem();
    const two = play(system, { steps: [gate('cut-over', [], { count: 2 }), step('promote', ['cut-over'], { promotes: true })] });
    await (
      await cast(theatre, two)
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
      const first = await call('approve', system, '--as', 'alice', '--json');
      assert.deepEqual([json(first).counts, json(first).have, json(first).need], [true, 1, 2]);
      const again = await call('approve', system, '--as', 'alice', '--json');
      assert.equal(again.code, 4, 'judged anew, not taken from the last time');
      assert.match(json(again).note, /the same person already decided so/);
      assert.equal((await call('approve', system, '--as', 'bob')).code, 0);
      assert.equal((await call('status', system, '--json')).code, 0);
    });
  });

  it('refuses clearly where nothing, something else or several things are asked', async () => {
    const system = nextSystem();
    const several = play(system, { steps: [gate('one'), gate('two'), step('promote', ['one', 'two'], { promotes: true })] });
    await (
      await cast(theatre, several)
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await Promise.all([asked(handleOf(system), 'one'), asked(handleOf(system), 'two')]);
      const which = await call('approve', system, '--as', 'alice');
      assert.equal(which.code, 2);
      assert.match(which.err, /asks 2 things: say which with --step ID\.\n/);
      for (const id of ['one', 'two']) assert.match(which.err, new RegExp(`^  ${id}: Move on at ${id} \\(approve, refuse\\)$`, 'm'));
      const typo = await call('approve', system, '--as', 'alice', '--step', 'tow');
      assert.equal(typo.code, 4);
      assert.match(typo.err, /"tow" .* asks nothing\. Did you mean "two"\?/);
      const wrong = await call('retry', system, '--as', 'alice');
      assert.equal(wrong.code, 4);
      assert.match(wrong.err, /Nothing that .* asks can be answered with "retry"/);
      assert.equal((await call('approve', system, '--as', 'alice', '--step', 'one')).code, 0);
      assert.equal((await call('approve', system, '--as', 'alice', '--step', 'two')).code, 0);
      await handleOf(system).result();
      const never = await call('approve', `${system}x`, '--as', 'alice');
      assert.equal(never.code, 2);
      assert.match(never.err, new RegExp(`Did you mean "${system}"`));
    });
  });

  it('keeps a decision that is sent while no worker runs, and shows the run as far as the server knows it', async () => {
    const system = nextSystem();
    const broken = play(system);
    await (
      await cast(theatre, broken)
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
    });
    const shown = await call('status', system, '--once');
    assert.equal(shown.code, 0);
    assert.match(shown.out, /No worker answers for this run/);
    assert.match(shown.out, new RegExp(`approve failover-${system}`), 'what is asked stands in the memo');
    const sent = await call('approve', system, '--as', 'alice', '--json');
    assert.equal(sent.code, 0, sent.err);
    assert.equal(json(sent).counts, null);
    assert.match(json(sent).note, /no worker is running to read it yet/);
    await (
      await cast(theatre, broken)
    ).run(async () => {
      assert.equal(((await handleOf(system).result()) as { verdict: string }).verdict, 'recovered, unprotected');
    });
  });

  it('shows a run that was stopped from outside, and ends with 1', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
      const following = call('status', system);
      await handleOf(system).terminate('a test');
      const ended = await following;
      assert.equal(ended.code, 1);
      assert.match(ended.out, /terminated from outside, with no verdict/);
    });
  });

  it('lists systems and runs, and both as JSON', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
      const listed = await until(async () => {
        const called = await call('status', '--json');
        return json(called).runs.find(
          (run: { system: string; state: string }) => run.system === system && run.state === 'waiting for approval',
        );
      }, 'the run is listed as waiting');
      assert.deepEqual(
        [listed.kind, listed.runbook, listed.site, listed.live, listed.closedAt],
        ['failover', 'play', 'site-b', 'live', null],
      );
      assert.match((await call('status')).out, new RegExp(`failover-${system} +waiting for approval`));
      const state = json(await call('status', system, '--json'));
      assert.deepEqual([state.status, state.state.questions.length, state.waiting[0].id, state.verdict], ['RUNNING', 1, 'cut-over', null]);
      await call('approve', system, '--as', 'alice');
      await handleOf(system).result();
      const systems = json(await call('status', '--json')).systems;
      assert.equal(systems.find((one: { system: string }) => one.system === system).summary.active, 'site-b');
    });
  });

  it('stops watching on Ctrl-C with 130, and the run goes on', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      const watcher = background('status', system);
      await watcher.says(/asked of/);
      watcher.child.kill('SIGINT');
      assert.equal(await watcher.ended, 130);
      assert.match(watcher.said(), /the run goes on/);
      assert.equal((await handleOf(system).describe()).status.name, 'RUNNING');
      await call('abort', system, '--as', 'alice');
      await handleOf(system)
        .terminate()
        .catch(() => undefined);
    });
  });

  it('builds the record again from the server and from an exported history', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, play(system))
    ).run(async () => {
      await call('failover', system, '--unplanned', '--no-wait');
      await asked(handleOf(system), 'cut-over');
      await call('approve', system, '--as', 'alice');
      await handleOf(system).result();
    });
    const exported = join(empty, 'history.json');
    const { temporal } = await tools();
    const shown = await promisify(execFile)(temporal, ['workflow', 'show', '--address', address, '-w', `failover-${system}`, '-o', 'json']);
    await writeFile(exported, shown.stdout);
    const [live, file] = [await call('report', system, '--json'), await call('report', '--history', exported, '--json')];
    assert.equal(live.code, 0, live.err);
    assert.equal(json(live).verdict, 'recovered, unprotected');
    assert.equal(json(live).decisions[0].by, 'alice');
    assert.equal(file.code, 0, file.err);
    assert.deepEqual(json(file), json(live));
    const page = join(empty, 'report.html');
    const written = await call('report', '--history', exported, '--out', page);
    assert.equal(written.code, 0, written.err);
    assert.match(await readFile(page, 'utf8'), /<!doctype html>/i);
    assert.match((await call('report', '--history', exported)).out, /decided: approve cut-over by alice \(stated\)/);
    const wrong = join(empty, 'wrong.json');
    await writeFile(wrong, '{"events":[]}');
    assert.equal((await call('report', '--history', wrong)).code, 2);
  });

  function background(...args: string[]): {
    child: ChildProcess;
    ended: Promise<number | null>;
    said(): string;
    says(what: RegExp): Promise<void>;
  } {
    const child = spawn(process.execPath, argv(args), { cwd: root, env: plainEnvironment({ TEMPORAL_ADDRESS: address }) });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { child, ended, said: () => text, says: async (what) => void (await until(async () => what.test(text), `it says ${what}`)) };
  }
});
