import assert from 'node:assert/strict';
import { z } from 'zod';
import { onCall, service } from '../../activities/aws/client.ts';
import { AwsError } from '../../activities/aws/error.ts';
import { gap } from '../../activities/aws/rhythm.ts';
import { waitFor, type Kind } from '../../activities/aws/wait.ts';
import { snapshots } from '../../activities/ec2/kinds.ts';
import { StepError } from '../../activities/error.ts';
import { note, noted } from '../../activities/note.ts';
import { simulated } from '../../bench/clock.ts';
import { ours, theirs } from '../../bench/waiters.ts';
import { cloud, type Cloud } from './cloud.ts';
import { failure } from './estate.ts';

/** A kind whose state is asked of `read`; counts its calls. */
function kindOf(read: (id: string) => string | undefined, batch = 200): Kind<string> & { calls: number; asked: number } {
  const kind = {
    name: `test ${Math.random()}`,
    batch,
    calls: 0,
    asked: 0,
    async describe(ids: readonly string[]) {
      kind.calls += 1;
      kind.asked = Math.max(kind.asked, ids.length);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Map(ids.flatMap((id) => (read(id) === undefined ? [] : [[id, read(id)!] as const])));
    },
  };
  return kind;
}
const ready = (state: string): boolean => {
  if (state === 'error') throw new StepError('ended-badly', 'It ended in error.', 'person');
  return state === 'ready';
};
const awsError = (code: string, remedy: 'again' | 'later' | 'person') => new AwsError('Some', code, 'Some.', remedy);

describe('A wait', function () {
  this.timeout(60_000);
  let where: Cloud;

  before(async () => {
    where = await cloud();
  });

  it('looks again within the larger of 1 s and 5 % of the wait, whatever is expected', () => {
    for (const expected of [1, 1_000, 300_000, 36_000_000])
      for (const together of [1, 50, 5_000])
        for (let elapsed = 0; elapsed < 40_000_000; elapsed = elapsed * 1.3 + 10) {
          const next = gap(elapsed, { from: expected * 0.8, until: expected * 1.2 }, together);
          assert.ok(
            next > 0 && next <= Math.max(1_000, elapsed * 0.05),
            `${next} ms after ${elapsed} of ${expected}, ${together} together`,
          );
        }
  });

  it('notices within that rule, and a wave of 50 takes fewer calls than the waiters of the SDK', async () => {
    const things = Array.from({ length: 50 }, (_, n) => ({ expected: 60_000, takes: 30_000 + n * 1_300 }));
    const [mine, sdk] = [await simulated(1, () => ours('wave')(things)), await simulated(1, () => theirs()(things))];
    for (const { delay, takes } of mine.noticed) assert.ok(delay <= Math.max(1_000, takes * 0.05), `${delay} ms after ${takes}`);
    assert.ok(mine.calls < sdk.calls, `${mine.calls} calls, and ${sdk.calls} of the SDK`);
  });

  it('asks for many at once, of each page as many as a call takes', async () => {
    const start = Date.now();
    const kind = kindOf(() => (Date.now() - start > 700 ? 'ready' : 'pending'), 20);
    const waits = Array.from({ length: 50 }, (_, n) =>
      waitFor({ kind, id: `r-${n}`, site: 'west', expected: 500, ready }, where.context()),
    );
    await Promise.all(waits);
    assert.equal(kind.asked, 20);
    const alone = kindOf(() => 'ready', 20);
    await Promise.all(waits.map((_, n) => waitFor({ kind: alone, id: `r-${n}`, site: 'west', expected: 500, ready }, where.context())));
    assert.equal(alone.calls, 3);
  });

  it('sees real snapshots through, and its calls do not grow with their number', async () => {
    const own = await cloud();
    const context = own.context();
    const ec2 = await service('ec2', 'west', context);
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-west-2a', Size: 1 });
    await own.settings({ seconds: { 'ec2:snapshot': 1.5 } });
    const made = await Promise.all(Array.from({ length: 12 }, () => ec2.createSnapshot({ VolumeId: VolumeId! })));
    let calls = 0;
    const stop = onCall(({ action }) => void (calls += Number(action === 'ec2:DescribeSnapshots')));
    const done = (one: { State?: string | undefined }): boolean => one.State === 'completed';
    await Promise.all(
      made.map(({ SnapshotId }) => waitFor({ kind: snapshots, id: SnapshotId!, site: 'west', expected: 2_000, ready: done }, context)),
    ).finally(stop);
    assert.ok(calls <= 14, `${calls} calls for 12 snapshots`);
  });

  it('goes on where a call is throttled, lost or fails at AWS', async () => {
    const own = await cloud();
    const context = own.context();
    const ec2 = await service('ec2', 'west', context);
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-west-2a', Size: 1 });
    const { SnapshotId } = await ec2.createSnapshot({ VolumeId: VolumeId! });
    const describe = { service: 'ec2', operation: 'DescribeSnapshots' } as const;
    for (const kind of ['throttle', 'lose', 'refuse', 'reset'] as const) {
      await own.faults([{ ...describe, kind }]);
      await waitFor(
        { kind: snapshots, id: SnapshotId!, site: 'west', expected: 1_000, ready: (one) => one.State === 'completed' },
        context,
      );
      assert.equal((await own.fired())[0]!.fired, 1, kind);
    }
  });

  it('ends where AWS says that it may not look, and where it is not there and stays away', async () => {
    const denied: Kind<string> = { name: 'denied', batch: 9, describe: () => Promise.reject(awsError('aws-permission', 'person')) };
    assert.equal(
      (await failure(waitFor({ kind: denied, id: 'r', site: 'west', expected: 1_000, ready }, where.context()))).code,
      'aws-permission',
    );
    const kind = kindOf(() => undefined);
    const error = await simulated(1, async () => {
      const missing = await failure(waitFor({ kind, id: 'r', site: 'west', expected: 1_000, ready }, where.context()));
      assert.ok(Date.now() >= 30_000 && Date.now() < 33_000, `after ${Date.now()} ms`);
      return missing;
    });
    assert.deepEqual([error.code, error.remedy], ['aws-gone', 'person']);
  });

  it('gives up on a region that has not answered for a minute, and says what it heard', async () => {
    const dead: Kind<string> = { name: 'dead', batch: 9, describe: () => Promise.reject(awsError('aws-unreachable', 'again')) };
    await simulated(1, async () => {
      const error = await failure(waitFor({ kind: dead, id: 'r', site: 'west', expected: 1_000, ready }, where.context()));
      assert.equal(error.code, 'aws-unreachable');
      assert.ok(Date.now() >= 60_000 && Date.now() < 80_000, `after ${Date.now()} ms`);
    });
  });

  it('ends for the one that ended badly, and goes on for the others', async () => {
    const start = Date.now();
    const kind = kindOf((id) => (id === 'bad' ? 'error' : Date.now() - start > 300 ? 'ready' : 'pending'));
    const good = waitFor({ kind, id: 'good', site: 'west', expected: 300, ready }, where.context());
    const error = await failure(waitFor({ kind, id: 'bad', site: 'west', expected: 300, ready }, where.context()));
    assert.equal(error.code, 'ended-badly');
    assert.equal(await good, 'ready');
  });

  it('ends with its step, and goes on for the steps beside it', async () => {
    const start = Date.now();
    const kind = kindOf(() => (Date.now() - start > 600 ? 'ready' : 'pending'));
    const end = new AbortController();
    const ended = waitFor({ kind, id: 'one', site: 'west', expected: 600, ready }, where.context({ signal: end.signal }));
    const other = waitFor({ kind, id: 'two', site: 'west', expected: 600, ready }, where.context());
    setTimeout(() => end.abort(new Error('cancelled')), 100);
    await assert.rejects(ended, /cancelled/u);
    assert.equal(await other, 'ready');
    const calls = kind.calls;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(kind.calls, calls, 'it looks no more when nobody waits');
  });

  it('heartbeats each second with its start, from which another worker goes on, and keeps what the step noted', async () => {
    const shape = z.object({ made: z.string(), waiting: z.record(z.string(), z.number()) });
    const kind = kindOf(() => 'pending');
    const end = new AbortController();
    const context = where.context({ signal: end.signal });
    note(context, { made: 'snap-1' });
    const started = Date.now();
    const waits = waitFor({ kind, id: 'r', site: 'west', expected: 60_000, ready }, context);
    setTimeout(() => end.abort(new Error('killed')), 2_300);
    await assert.rejects(waits, /killed/u);
    const beats = context.beats.slice(1).map((beat) => shape.parse(beat));
    assert.ok(beats.length >= 3, `${beats.length} beats in 2.3 s`);
    const [name, since] = Object.entries(beats.at(-1)!.waiting)[0]!;
    assert.ok(Math.abs(since - started) < 100);
    assert.ok(beats.every((beat) => beat.made === 'snap-1'));

    const resume = { made: 'snap-1', waiting: { [name]: since - 3_600_000 } };
    const later = where.context({ resume });
    const done = kindOf(() => 'ready');
    await waitFor({ kind: { ...done, name: kind.name }, id: 'r', site: 'west', expected: 60_000, ready }, later);
    assert.equal(shape.parse(later.beats.find((beat) => beat !== undefined)).waiting[name], since - 3_600_000);
    assert.deepEqual(noted(later, shape), { made: 'snap-1', waiting: {} });
  });
});
