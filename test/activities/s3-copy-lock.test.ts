import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { onCall } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf } from './estate.ts';

let buckets = 0;
const fresh = (stem: string): string => `${stem}-${process.pid}-${Date.now()}-${(buckets += 1)}`;
const text = (n: number): string => `line ${n}\n`;

interface Place {
  readonly where: Cloud;
  readonly input: { readonly bucket: string; readonly 'from-bucket': string };
}

describe('s3.copy-lock', function () {
  this.timeout(60_000);
  let where: Cloud;

  before(async () => {
    where = await cloud();
  });

  async function place(options: { readonly lock?: boolean; readonly own?: Cloud } = {}): Promise<Place> {
    const own = options.own ?? where;
    const [bucket, from] = [fresh('vault'), fresh('exports')];
    const east = await service('s3', 'east', own.context());
    await east.createBucket({ Bucket: from });
    for (const n of [1, 2, 3]) await east.putObject({ Bucket: from, Key: `out/${n}.csv`, Body: text(n) });
    await east.putObject({ Bucket: from, Key: 'else.txt', Body: 'no' });
    const vault = await service('s3', 'vault', own.context());
    await vault.createBucket({
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: 'us-west-2' },
      ObjectLockEnabledForBucket: options.lock ?? true,
    });
    const input = { site: 'vault', bucket, prefix: 'shop/', from: 'east', 'from-bucket': from, 'from-prefix': 'out/', days: 400 };
    return { where: own, input };
  }

  /** `KEY VERSIONS`, of all that the vault holds. */
  async function held({ where: own, input }: Place): Promise<string[]> {
    const vault = await service('s3', 'vault', own.context());
    const { Versions = [], DeleteMarkers = [] } = await vault.listObjectVersions({ Bucket: input.bucket });
    const counts = new Map<string, number>();
    for (const { Key } of [...Versions, ...DeleteMarkers]) counts.set(Key!, (counts.get(Key!) ?? 0) + 1);
    return [...counts].map(([key, count]) => `${key} ${count}`).sort();
  }
  const all = ['shop/1.csv 1', 'shop/2.csv 1', 'shop/3.csv 1', 'shop/lifeboat-proof-of-lock.txt 1'];

  it('copies what begins so, locks it in compliance mode, and has tried to delete it', async () => {
    const at = await place();
    const context = where.context();
    const { outputs, evidence } = await carryOut('s3.copy-lock', at.input, context);
    assert.deepEqual(await held(at), all);
    const { refusal, ...rest } = outputs as { refusal: string };
    const until = new Date(Date.parse(context.run.startedAt) + 400 * 24 * 3_600_000);
    assert.deepEqual(rest, { objects: 3, bytes: 21, until: until.toISOString() });
    assert.match(refusal, /AccessDenied/u);
    assert.match(evidence.join(' '), /tried and refused/u);
    const vault = await service('s3', 'vault', where.context());
    for (const n of [1, 2, 3]) {
      const object = await vault.getObject({ Bucket: at.input.bucket, Key: `shop/${n}.csv` });
      assert.equal(await object.Body!.transformToString(), text(n));
      assert.equal(object.ObjectLockMode, 'COMPLIANCE');
      assert.equal(object.ObjectLockRetainUntilDate!.toISOString(), until.toISOString());
      const gone = vault.deleteObject({ Bucket: at.input.bucket, Key: `shop/${n}.csv`, VersionId: object.VersionId });
      assert.equal((await failure(gone)).code, 'aws-permission');
    }
  });

  it('makes no second version when it runs twice, and a longer lock of the same version in a later run', async () => {
    const at = await place();
    const options = { key: 'a'.repeat(40) };
    await carryOut('s3.copy-lock', at.input, where.context(options));
    await carryOut('s3.copy-lock', at.input, where.context(options));
    await carryOut('s3.copy-lock', { ...at.input, days: 500 }, where.context());
    assert.deepEqual(await held(at), all);
  });

  it('makes a new version of what has changed', async () => {
    const at = await place();
    await carryOut('s3.copy-lock', at.input, where.context());
    const east = await service('s3', 'east', where.context());
    await east.putObject({ Bucket: at.input['from-bucket'], Key: 'out/2.csv', Body: 'changed' });
    await assert.rejects(
      typeOf('s3.copy-lock').verify(at.input, where.context({ resume: { refusal: 'no' } })),
      /another state of out\/2\.csv/u,
    );
    await carryOut('s3.copy-lock', at.input, where.context());
    assert.deepEqual(await held(at), ['shop/1.csv 1', 'shop/2.csv 2', 'shop/3.csv 1', 'shop/lifeboat-proof-of-lock.txt 1']);
  });

  for (const fault of ['refuse', 'lose', 'reset', 'throttle'] as const)
    it(`puts each object once where a call suffers ${fault}`, async () => {
      const own = await cloud();
      const at = await place({ own });
      const options = { key: 'b'.repeat(40) };
      for (const after of [0, 1, 2, 3]) {
        await own.faults([{ service: 's3', operation: 'PutObject', after, kind: fault }]);
        const error = await failure(carryOut('s3.copy-lock', at.input, own.context(options))).catch(() => undefined);
        assert.ok(error === undefined || error.remedy === 'again' || error.remedy === 'later', error?.message);
      }
      await own.faults([]);
      await carryOut('s3.copy-lock', at.input, own.context(options));
      assert.deepEqual(await held(at), all);
    });

  it('goes on where it was killed', async () => {
    const own = await cloud();
    const at = await place({ own });
    const killed = new AbortController();
    let puts = 0;
    const stop = onCall(({ action }) => {
      if (action === 's3:PutObject' && (puts += 1) === 2) killed.abort();
    });
    try {
      await assert.rejects(carryOut('s3.copy-lock', at.input, own.context({ signal: killed.signal })));
    } finally {
      stop();
    }
    assert.ok((await held(at)).length < all.length);
    await carryOut('s3.copy-lock', at.input, own.context({ attempt: 2 }));
    assert.deepEqual(await held(at), all);
  });

  it('refuses a bucket that locks nothing, before it copies anything', async () => {
    const at = await place({ lock: false });
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('s3.copy-lock')[act](at.input, where.context()));
      assert.deepEqual([error.code, error.remedy], ['lock-missing', 'person'], error.message);
    }
    assert.deepEqual(await held(at), []);
  });

  it('refuses a copy in the same region and account, and one onto itself', async () => {
    const at = await place();
    const error = await failure(typeOf('s3.copy-lock').preflight({ ...at.input, site: 'east' }, where.context()));
    assert.equal(error.code, 'same-failure-domain');
  });

  it('refuses wildcards and blank buckets, and says where nothing is', async () => {
    const at = await place();
    for (const more of [{ bucket: '' }, { bucket: '*' }, { 'from-prefix': '*' }, { days: 0 }])
      assert.equal(typeOf('s3.copy-lock').input.safeParse({ ...at.input, ...more }).success, false);
    const error = await failure(typeOf('s3.copy-lock').preflight({ ...at.input, 'from-prefix': 'nothing/' }, where.context()));
    assert.equal(error.code, 'nothing-there');
  });

  it('changes nothing in its preflight, and says that a region does not answer', async () => {
    const own = await cloud();
    const at = await place({ own });
    await typeOf('s3.copy-lock').preflight(at.input, own.context());
    assert.deepEqual(await held(at), []);
    await own.settings({ unreachable: ['us-west-2'] });
    assert.match((await failure(typeOf('s3.copy-lock').preflight(at.input, own.context()))).code, /^aws-(?:lost|unreachable)$/u);
  });
});
