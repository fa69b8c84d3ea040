import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kept, Log } from '../../probe/log.ts';

describe("the probe's log", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('stays bounded, and keeps the newest markers over a restart', () => {
    const log = new Log(folder, 'orders');
    const count = 2 * kept + 100;
    for (let seq = 1; seq <= count; seq += 1) log.acknowledge({ id: `id-${seq}`, seq, at: 1000 + seq });
    assert.deepEqual(readdirSync(folder).sort(), ['identity', 'orders.log', 'orders.log.1']);
    const again = new Log(folder, 'orders');
    assert.equal(again.probe, log.probe);
    assert.equal(again.lastSeq, count);
    assert.ok(again.since(0).length >= kept && again.since(0).length <= 2 * kept);
    assert.deepEqual(again.since(1000 + count), [{ id: `id-${count}`, seq: count, at: 1000 + count }]);
  });

  it('remembers what an interruption has lost, also over a restart, so that a later one has not lost it again', () => {
    const log = new Log(folder, 'orders');
    const markers = [1, 2, 3].map((seq) => ({ id: `id-${seq}`, seq, at: 100 * seq }));
    for (const marker of markers) log.acknowledge(marker);
    log.missed(350);
    log.served(400);
    log.lose([markers[2]!], log.gaps[0]!);
    for (const read of [log, new Log(folder, 'orders')]) {
      assert.ok(read.lostBefore(markers[2]!, 500), 'an interruption that begins later');
      assert.ok(!read.lostBefore(markers[2]!, 350), 'the interruption itself');
      assert.ok(!read.lostBefore(markers[1]!, 500), 'a marker that was kept');
    }
  });

  it('remembers an interruption under way, and leaves out a line that a crash cut short', () => {
    const log = new Log(folder, 'orders');
    log.acknowledge({ id: 'one', seq: 1, at: 100 });
    log.missed(200);
    appendFileSync(join(folder, 'orders.log'), 's 30');
    const again = new Log(folder, 'orders');
    assert.deepEqual(again.gaps, [{ failedAt: 200, lastGoodAt: 100, servedAt: null }]);
    again.served(300);
    assert.deepEqual(new Log(folder, 'orders').gaps, [{ failedAt: 200, lastGoodAt: 100, servedAt: 300 }]);
  });
});
