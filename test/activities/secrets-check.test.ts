import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { secret } from '../../worker/secret.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf } from './estate.ts';

const value = 'correct-horse-battery';

describe('secrets.check', function () {
  this.timeout(60_000);
  let where: Cloud;

  before(async () => {
    where = await cloud();
    const secrets = await service('secrets', 'west', where.context());
    await secrets.createSecret({ Name: 'shop/database', SecretString: JSON.stringify({ user: 'shop', password: value }) });
    await secrets.createSecret({ Name: 'shop/key', SecretString: value });
    await secrets.createSecret({ Name: 'shop/gone', SecretString: value });
    await secrets.deleteSecret({ SecretId: 'shop/gone', RecoveryWindowInDays: 7 });
  });

  const input = (secrets: readonly string[], more: object = {}) => ({ site: 'west', secrets, ...more });

  it('says of each that it can be read and how old it is, and never what it is', async () => {
    const context = where.context();
    const outcome = await carryOut('secrets.check', input(['shop/database#password', 'shop/key']), context);
    assert.deepEqual(outcome.outputs, {
      secrets: [
        { name: 'shop/database#password', age: 0, replica: false, replicas: [] },
        { name: 'shop/key', age: 0, replica: false, replicas: [] },
      ],
    });
    assert.doesNotMatch(JSON.stringify([outcome, context.beats]), new RegExp(value, 'u'));
    const lines = await typeOf('secrets.check').preflight(input(['shop/key']), where.context());
    assert.match(lines[0]!, /^The secret shop\/key can be read at west; its value is 0 days old\.$/u);
  });

  it('names all that are missing, marked for deletion or without the field, and never what is in them', async () => {
    const asked = ['shop/nowhere', 'shop/gone', 'shop/database#token', 'shop/key#password', 'shop/key'];
    const error = await failure(carryOut('secrets.check', input(asked), where.context()));
    assert.equal(error.remedy, 'person');
    for (const part of [
      /secret.*shop\/gone/u,
      /no JSON object with a text "token"/u,
      /shop\/key at west is no JSON object/u,
      /ResourceNotFound/u,
    ])
      assert.match(error.message, part);
    assert.doesNotMatch(error.message, new RegExp(value, 'u'));
  });

  it('refuses one that is older than it may be', async () => {
    const { now } = Date;
    Date.now = () => now() + 3 * 24 * 3_600_000;
    try {
      const error = await failure(carryOut('secrets.check', input(['shop/key'], { 'max-age': 2 }), where.context()));
      assert.deepEqual([error.code, error.remedy], ['secret-old', 'person']);
      await carryOut('secrets.check', input(['shop/key'], { 'max-age': 3 }), where.context());
    } finally {
      Date.now = now;
    }
  });

  it('does not find at one site what is at another', async () => {
    const error = await failure(carryOut('secrets.check', { site: 'east', secrets: ['shop/key'] }, where.context()));
    assert.equal(error.code, 'aws-not-found');
  });

  it('refuses the credentials of another account', async () => {
    const context = { ...where.context(), aws: () => ({ ...where.sites['west']!, account: '000000000000' }) };
    assert.equal((await failure(carryOut('secrets.check', input(['shop/key']), context))).code, 'wrong-account');
  });

  it('says that a region does not answer', async () => {
    const own = await cloud();
    await own.settings({ unreachable: ['us-west-2'] });
    const error = await failure(carryOut('secrets.check', input(['shop/key']), own.context()));
    assert.match(error.code, /^aws-(?:lost|unreachable)$/u);
    assert.equal(error.remedy, 'again');
  });

  it('finds a replica in the other region and says where it is in sync', async () => {
    const secrets = await service('secrets', 'east', where.context());
    await secrets.createSecret({ Name: 'shop/both', SecretString: value, AddReplicaRegions: [{ Region: 'us-west-2' }] });
    const east = await carryOut('secrets.check', { site: 'east', secrets: ['shop/both'] }, where.context());
    assert.deepEqual((east.outputs as { secrets: { replicas: string[] }[] }).secrets[0]!.replicas, ['us-west-2']);
    const west = await carryOut('secrets.check', input(['shop/both']), where.context());
    assert.equal((west.outputs as { secrets: { replica: boolean }[] }).secrets[0]!.replica, true);
  });
});

describe('A secret by reference', function () {
  this.timeout(60_000);

  it('is read from AWS Secrets Manager at a site, whole or by a field', async () => {
    const where = await cloud();
    const context = where.context();
    const secrets = await service('secrets', 'west', context);
    await secrets.createSecret({ Name: 'shop/database', SecretString: JSON.stringify({ password: value, port: 5432 }) });
    assert.equal(await secret('aws:west:shop/database#password', context), value);
    assert.equal(await secret('aws:west:shop/database#port', context), '5432');
    assert.match(await secret('aws:west:shop/database', context), /"port":5432/u);
    const { ARN } = await secrets.describeSecret({ SecretId: 'shop/database' });
    assert.equal(await secret(`aws:west:${ARN}#password`, context), value);
    const missing = await failure(secret('aws:west:shop/database#toString', context));
    assert.equal(missing.code, 'secret-missing');
    assert.doesNotMatch(missing.message, new RegExp(value, 'u'));
    assert.equal((await failure(secret('aws:north:shop/database', context))).code, 'unknown-site');
    assert.equal((await failure(secret('aws:west', context))).code, 'secret-reference');
  });
});
