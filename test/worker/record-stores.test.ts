import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { service, type Caller } from '../../activities/aws/client.ts';
import { bucketStore } from '../../worker/stores/bucket.ts';
import { openStore } from '../../worker/stores/open.ts';
import { cloud, type Cloud } from '../activities/cloud.ts';

describe('a record store', function () {
  this.timeout(120_000);
  let folder: string;
  let aws: Cloud;
  let caller: Caller;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-store-'));
    aws = await cloud();
    caller = aws.context();
    await (await service('s3', 'east', caller)).createBucket({ Bucket: 'evidence' });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [what, written] of [
    ['that is a folder', () => join(folder, 'records')],
    ['that is a bucket', () => 's3:east/evidence/lifeboat'],
  ] as const) {
    it(`${what} gives back what was written, lists what lies directly in a folder of it, and is silent on what is not there`, async () => {
      const store = openStore(written(), caller);
      assert.deepEqual([await store.list(''), await store.read('one.json')], [[], null]);
      await store.write('two.json', 'é\n');
      const where = await store.write('one.json', 'first');
      await store.write('one.json', 'second');
      await store.write('checklists/orders/page.md', '# Page');
      assert.match(where, /one\.json$/);
      assert.deepEqual(await store.list(''), ['one.json', 'two.json']);
      assert.deepEqual(await store.list('checklists/orders'), ['page.md']);
      assert.deepEqual(await Promise.all(['one.json', 'two.json'].map((name) => store.read(name))), ['second', 'é\n']);
    });
  }

  it('leaves no half of a file behind in a folder', async () => {
    assert.deepEqual((await readdir(join(folder, 'records'))).toSorted(), ['checklists', 'one.json', 'two.json']);
    assert.equal(await readFile(join(folder, 'records/one.json'), 'utf8'), 'second');
  });

  it('lists a bucket of more than one page whole', async () => {
    const store = bucketStore('east', 'evidence', 'many', caller, 3);
    const names = Array.from({ length: 10 }, (_, index) => `${index}.json`);
    await Promise.all(names.map((name) => store.write(name, 'x')));
    assert.deepEqual(await store.list(''), names);
  });

  it('that is not there is a failure that names it, and no empty store', async () => {
    await assert.rejects(openStore('s3:east/nowhere', caller).list(''), /nowhere/);
    await assert.rejects(openStore('s3:east/nowhere', caller).write('one.json', 'x'), /nowhere/);
    await assert.rejects(openStore('s3:east/nowhere', caller).read('one.json'), /nowhere/);
    await assert.rejects(openStore(join(folder, 'records/one.json'), caller).write('x.json', 'x'), /ENOTDIR|EEXIST/);
    assert.throws(() => openStore('s3:evidence', caller), { code: 'record-store' });
  });

  it('whose credentials may not write says so', async () => {
    await aws.faults([{ service: 's3', operation: 'PutObject', kind: 'refuse', code: 'AccessDenied' }]);
    await assert.rejects(openStore('s3:east/evidence/x', caller).write('one.json', 'x'), { code: 'aws-permission' });
  });
});
