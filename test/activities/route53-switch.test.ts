import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';

const key = 'shop/serve-from-west';
const [east, west] = ['192.0.2.1', '198.51.100.1'];
let buckets = 0;

/** A name server that answers any question for an A record, as failover records of Route 53 do whose health check reads the URL inverted. */
async function nameServer(answer: () => Promise<string>): Promise<{ readonly at: string; end(): void }> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (question, from) => {
    void answer().then((address) => {
      const head = Buffer.from(question.subarray(0, 12));
      head.writeUInt16BE(0x8180, 2);
      head.writeUInt16BE(1, 6);
      head.writeUInt32BE(0, 8);
      const end = question.indexOf(0, 12) + 5;
      const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]);
      socket.send(Buffer.concat([head, question.subarray(12, end), record]), from.port, from.address);
    });
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { at: `127.0.0.1:${(socket.address() as AddressInfo).port}`, end: () => socket.close() };
}

describe('route53.switch', function () {
  this.timeout(60_000);
  let where: Cloud;

  before(async () => {
    where = await cloud();
  });

  async function bucketOf(own: Cloud, readable = true): Promise<string> {
    const bucket = `switch-${process.pid}-${Date.now()}-${(buckets += 1)}`;
    const s3 = await service('s3', 'west', own.context());
    await s3.createBucket({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } });
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` };
    if (readable) await s3.putBucketPolicy({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
    return bucket;
  }
  const keys = async (bucket: string, own = where): Promise<string[]> => {
    const s3 = await service('s3', 'west', own.context());
    return ((await s3.listObjectsV2({ Bucket: bucket })).Contents ?? []).map((one) => one.Key!);
  };
  const input = (bucket: string, more: object = {}) => ({ site: 'west', bucket, key, within: 10, ...more });

  it('puts the object there, reads it as a health check does, and says by when clients follow', async () => {
    const bucket = await bucketOf(where);
    const { outputs, evidence } = await carryOut('route53.switch', input(bucket), where.context());
    assert.deepEqual(await keys(bucket), [key]);
    assert.equal((await fetch(`${where.endpoint}/${bucket}/${key}`)).status, 200);
    const { 'clients-by': by, ...rest } = outputs as { 'clients-by': string };
    assert.deepEqual(rest, { object: 'present', answered: false });
    assert.ok(Math.abs(Date.parse(by) - Date.now() - 10_000) < 5_000, by);
    assert.match(evidence.join(' '), /was not asked/u);
  });

  it('waits until resolvers answer with the target', async () => {
    const bucket = await bucketOf(where);
    let turned = Infinity;
    const server = await nameServer(async () => {
      const { ok } = await fetch(`${where.endpoint}/${bucket}/${key}`);
      if (ok) turned = Math.min(turned, Date.now() + 1_200);
      return Date.now() >= turned ? west! : east!;
    });
    try {
      const answers = { record: 'shop.example.com', type: 'A', values: [west], resolvers: [server.at] };
      const { outputs } = await carryOut('route53.switch', input(bucket, { answers }), where.context());
      assert.ok(Date.now() >= turned);
      assert.equal((outputs as { answered: boolean }).answered, true);
      const other = { ...answers, values: ['203.0.113.9'] };
      const error = await failure(typeOf('route53.switch').verify(input(bucket, { answers: other }), where.context()));
      assert.deepEqual([error.code, error.remedy], ['not-answered', 'again']);
    } finally {
      server.end();
    }
  });

  it('needs nothing of us-east-1', async () => {
    const own = await cloud();
    const bucket = await bucketOf(own);
    await own.settings({ unreachable: ['us-east-1'] });
    const context = own.context();
    await typeOf('route53.switch').preflight(input(bucket), context);
    await carryOut('route53.switch', input(bucket), context);
    assert.equal(typeOf('route53.switch').leansOn, undefined);
  });

  it('switches back by taking the object away', async () => {
    const bucket = await bucketOf(where);
    await carryOut('route53.switch', input(bucket), where.context());
    const back = input(bucket, { object: 'absent' });
    await carryOut('route53.switch', back, where.context());
    assert.deepEqual(await keys(bucket), []);
    assert.equal((await failure(undo('route53.switch', back, where.context()))).code, 'not-undone');
  });

  it('is undone, and leaves what another run has put there', async () => {
    const bucket = await bucketOf(where);
    const options = { key: 'c'.repeat(40) };
    await carryOut('route53.switch', input(bucket), where.context(options));
    await carryOut('route53.switch', input(bucket), where.context());
    assert.match((await undo('route53.switch', input(bucket), where.context()))[0]!, /was not put there by this step: it stays/u);
    assert.deepEqual(await keys(bucket), [key]);
    assert.match((await undo('route53.switch', input(bucket), where.context(options)))[0]!, /is absent again/u);
    assert.deepEqual(await keys(bucket), []);
    assert.match((await undo('route53.switch', input(bucket), where.context(options)))[0]!, /nothing was switched/u);
  });

  for (const kind of ['refuse', 'lose', 'reset', 'throttle'] as const)
    it(`is done once where its call suffers ${kind}`, async () => {
      const own = await cloud();
      const bucket = await bucketOf(own);
      const options = { key: 'd'.repeat(40) };
      await own.faults([{ service: 's3', operation: 'PutObject', kind }]);
      const error = await failure(carryOut('route53.switch', input(bucket), own.context(options)));
      assert.ok(error.remedy === 'again' || error.remedy === 'later', error.message);
      let puts = 0;
      const stop = onCall(({ action }) => void (puts += Number(action === 's3:PutObject')));
      await carryOut('route53.switch', input(bucket), own.context({ ...options, attempt: 2 })).finally(stop);
      assert.equal(puts, kind === 'lose' ? 0 : 1);
      await undo('route53.switch', input(bucket), own.context(options));
      assert.deepEqual(await keys(bucket, own), []);
    });

  it('says before a run that the object cannot be read from outside, and changes nothing then', async () => {
    const own = await cloud();
    const bucket = await bucketOf(own, false);
    const s3 = await service('s3', 'west', own.context());
    await s3.putObject({ Bucket: bucket, Key: key, Body: 'here' });
    const error = await failure(typeOf('route53.switch').preflight(input(bucket), own.context()));
    assert.deepEqual([error.code, error.remedy], ['switch-not-readable', 'person']);
    assert.deepEqual(await keys(await bucketOf(where)), []);
  });

  it('says that a resolver is silent, that a bucket is missing and that a region is lost', async () => {
    const own = await cloud();
    const bucket = await bucketOf(own);
    const answers = { record: 'shop.example.com', values: [west], resolvers: ['127.0.0.1:9'] };
    assert.equal((await failure(typeOf('route53.switch').preflight(input(bucket, { answers }), own.context()))).code, 'resolver-silent');
    assert.equal((await failure(typeOf('route53.switch').preflight(input('no-such-bucket-at-all'), own.context()))).code, 'aws-not-found');
    const context = { ...own.context(), aws: () => ({ ...own.sites['west']!, account: '000000000000' }) };
    assert.equal((await failure(carryOut('route53.switch', input(bucket), context))).code, 'wrong-account');
    await own.settings({ unreachable: ['us-west-2'] });
    assert.match((await failure(typeOf('route53.switch').preflight(input(bucket), own.context()))).code, /^aws-(?:lost|unreachable)$/u);
    for (const more of [{ key: '' }, { key: '*' }, { bucket: '' }])
      assert.equal(typeOf('route53.switch').input.safeParse(input(bucket, more)).success, false);
  });

  it('stops where the run has lost the system', async () => {
    const bucket = await bucketOf(where);
    const lost = (): Promise<void> => Promise.reject(new Error('lent'));
    await assert.rejects(carryOut('route53.switch', input(bucket), where.context({ stillOurs: lost })), /lent/u);
    assert.deepEqual(await keys(bucket), []);
  });

  it('is rehearsed with an object of its own', async () => {
    const bucket = await bucketOf(where);
    const { evidence } = await rehearse('route53.switch', input(bucket), where.context({ live: false }));
    assert.match(evidence[0]!, /read as a health check does, and removed/u);
    assert.deepEqual(await keys(bucket), []);
  });

  it('leaves no object of a rehearsal that was killed half way, once it is swept', async () => {
    const bucket = await bucketOf(where);
    const made = where.context({ live: false });
    let acts = 0;
    const killed = async (): Promise<void> => {
      acts += 1;
      if (acts > 1) throw new Error('killed');
    };
    await assert.rejects(rehearse('route53.switch', input(bucket), { ...made, stillOurs: killed }), /killed/u);
    assert.equal((await keys(bucket)).length, 1);
    const { sweep } = typeOf('route53.switch');
    assert.match((await sweep!(input(bucket), made)).join(), /is no more/u);
    assert.deepEqual([await keys(bucket), await sweep!(input(bucket), made)], [[], []]);
  });
});
