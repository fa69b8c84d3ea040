import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError, classified, isAws } from '../../activities/aws/error.ts';
import { service, type Caller } from '../../activities/aws/client.ts';
import { cloud } from './cloud.ts';
import { failure } from './estate.ts';

const where = { service: 'ec2', operation: 'CopySnapshot', site: 'west', region: 'us-west-2' };
const thrown = (name: string, status: number | undefined, message = 'Refused.') =>
  Object.assign(new Error(message), { name, ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }) });
const read = (name: string, status: number | undefined = 400, message?: string): AwsError => {
  const error = classified(thrown(name, status, message), where);
  assert.ok(error instanceof AwsError);
  return error;
};

/** Code, remedy, names as the SDK gives them. */
const table: readonly (readonly [code: string, remedy: string, names: readonly string[]])[] = [
  [
    'aws-throttled',
    'later',
    [
      'RequestLimitExceeded',
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'TooManyRequestsException',
      'PriorRequestNotComplete',
      'SlowDown',
    ],
  ],
  [
    'aws-not-now',
    'later',
    [
      'SnapshotCreationPerVolumeRateExceeded',
      'ConcurrentSnapshotLimitExceeded',
      'ResourceLimitExceeded',
      'IncorrectInstanceState',
      'IncorrectState',
      'InvalidDBInstanceStateFault',
      'InvalidDBInstanceState',
      'InvalidDBSnapshotStateFault',
      'InvalidDBSnapshotState',
      'InvalidDBClusterStateFault',
      'InvalidDBClusterSnapshotStateFault',
      'InvalidGlobalClusterStateFault',
      'DependencyViolation',
      'VolumeInUse',
      'InvalidAMIID.Unavailable',
      'ScalingActivityInProgressFault',
    ],
  ],
  ['aws-credentials', 'later', ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']],
  [
    'aws-no-capacity',
    'person',
    [
      'InsufficientInstanceCapacity',
      'InsufficientVolumeCapacity',
      'InsufficientAddressCapacity',
      'InsufficientDBInstanceCapacityFault',
      'InsufficientDBInstanceCapacity',
      'InsufficientDBClusterCapacityFault',
      'StorageTypeNotAvailableFault',
      'ProvisionedIopsNotAvailableInAZFault',
    ],
  ],
  [
    'aws-quota',
    'person',
    [
      'VcpuLimitExceeded',
      'InstanceLimitExceeded',
      'VolumeLimitExceeded',
      'SnapshotLimitExceeded',
      'AddressLimitExceeded',
      'SnapshotQuotaExceededFault',
      'SnapshotQuotaExceeded',
      'InstanceQuotaExceededFault',
      'StorageQuotaExceededFault',
      'DBClusterQuotaExceededFault',
      'SharedSnapshotQuotaExceededFault',
    ],
  ],
  ['aws-permission', 'person', ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException', 'OptInRequired', 'PendingVerification']],
  [
    'aws-credentials',
    'person',
    [
      'AuthFailure',
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'SignatureDoesNotMatch',
      'InvalidAccessKeyId',
      'CredentialsProviderError',
    ],
  ],
  ['aws-key', 'person', ['KMSKeyNotAccessibleFault', 'KMSKeyNotAccessible', 'InvalidKmsKey.NotFound', 'NotFoundException']],
  [
    'aws-exists',
    'person',
    [
      'DBSnapshotAlreadyExistsFault',
      'DBInstanceAlreadyExistsFault',
      'DBClusterSnapshotAlreadyExistsFault',
      'InvalidAMIName.Duplicate',
      'InvalidGroup.Duplicate',
      'InvalidPermission.Duplicate',
      'IdempotentParameterMismatch',
    ],
  ],
  [
    'aws-not-found',
    'person',
    [
      'InvalidAMIID.NotFound',
      'InvalidSnapshot.NotFound',
      'DBInstanceNotFoundFault',
      'DBInstanceNotFound',
      'DBSnapshotNotFoundFault',
      'NoSuchHostedZone',
    ],
  ],
  [
    'aws-refused',
    'mistake',
    [
      'InvalidParameterValue',
      'InvalidParameterCombination',
      'InvalidChangeBatch',
      'InvalidRestoreFault',
      'PointInTimeRestoreNotEnabledFault',
      'InvalidVPCNetworkStateFault',
      'NotImplemented',
      'SomethingNew',
    ],
  ],
];

describe('What AWS answers', () => {
  for (const [code, remedy, names] of table)
    for (const name of names)
      it(`${name} is ${code}, for ${remedy}`, () => {
        const error = read(name);
        assert.deepEqual([error.code, error.remedy, error.aws], [code, remedy, name]);
        assert.equal(error.delay === undefined, remedy !== 'later');
        assert.match(error.message, /ec2 CopySnapshot at west \(us-west-2\)/u);
      });

  it('SnapshotCreationPerVolumeRateExceeded waits the 15 s that a volume wants', () => {
    assert.equal(read('SnapshotCreationPerVolumeRateExceeded').delay, 15_000);
  });

  for (const [name, status] of [
    ['InternalError', 500],
    ['InternalFailure', 500],
    ['ServiceUnavailable', 503],
    ['Unavailable', 503],
    ['Error', 502],
    ['SyntaxError', 504],
  ] as const)
    it(`${name} with ${status} is AWS's own failure, to be tried again`, () => {
      assert.deepEqual([read(name, status).code, read(name, status).remedy], ['aws-fault', 'again']);
    });

  it('a name that says what is wrong counts more than a status of 500', () => {
    assert.equal(read('InsufficientInstanceCapacity', 500).code, 'aws-no-capacity');
  });

  it('a good answer that cannot be read is a lost one: it may have taken effect', () => {
    assert.equal(read('SyntaxError', 200).code, 'aws-lost');
  });

  it('credentials that are missing are told as such, though nothing was sent', () => {
    const error = read('CredentialsProviderError', undefined, 'Could not load credentials from any providers');
    assert.deepEqual([error.code, error.remedy], ['aws-credentials', 'person']);
    assert.match(error.message, /give the worker valid credentials/u);
  });

  it('names can be asked for by their beginning and by their end', () => {
    assert.ok(isAws(read('InvalidSnapshot.NotFound'), '*.NotFound'));
    assert.ok(isAws(read('InvalidSnapshot.NotFound'), 'InvalidSnapshot*'));
    assert.ok(!isAws(read('InvalidSnapshot.NotFound'), 'InvalidAMIID*', 'NotFound'));
  });

  it('neither keys nor encoded messages are repeated', () => {
    const { message } = read(
      'UnauthorizedOperation',
      403,
      `ASIAABCDEFGHIJKLMNOP may not.\n Encoded authorization failure message: ${'x'.repeat(900)}`,
    );
    assert.doesNotMatch(message, /ASIAA|xxx|\n/u);
    assert.match(message, /"lifeboat iam" prints the policy/u);
  });
});

describe('A region that does not answer', function () {
  this.timeout(60_000);

  it('is unreachable where nothing listens', async () => {
    const { code } = await failure(describeAt('http://127.0.0.1:9'));
    assert.equal(code, 'aws-unreachable');
  });

  for (const [what, code, answer] of [
    ['cuts the connection', 'aws-lost', undefined],
    ['answers with a page that is no XML', 'aws-lost', [200, '<html><body>Sign in</html>']],
    ['answers 503 with a page that is no XML', 'aws-fault', [503, 'upstream connect error']],
  ] as const)
    it(`is ${code} where it ${what}`, async () => {
      const server = createServer((request, response) => {
        if (answer === undefined) request.socket.destroy();
        else response.writeHead(answer[0], { 'content-type': 'text/html' }).end(answer[1]);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const error = await failure(describeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
        assert.equal(error.code, code, error.message);
      } finally {
        server.close();
      }
    });

  it('is told from one that refuses by the emulator too', async () => {
    const own = await cloud();
    const ec2 = await service('ec2', 'west', own.context());
    await own.faults([{ service: 'ec2', operation: 'DescribeVolumes', kind: 'lose' }]);
    assert.equal((await failure(ec2.describeVolumes({}))).code, 'aws-lost');
    await own.faults([{ service: 'ec2', operation: 'DescribeVolumes', kind: 'throttle' }]);
    assert.equal((await failure(ec2.describeVolumes({}))).code, 'aws-throttled');
    await own.faults([{ service: 'ec2', operation: 'DescribeVolumes', kind: 'refuse' }]);
    assert.equal((await failure(ec2.describeVolumes({}))).code, 'aws-fault');
    assert.equal((await failure(ec2.describeVolumes({ VolumeIds: ['vol-0123456789abcdef0'] }))).code, 'aws-not-found');
  });
});

async function describeAt(endpoint: string): Promise<unknown> {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  const caller: Caller = {
    aws: () => ({ region: 'us-west-2', endpoint, apiShare: 1 }),
    signal: new AbortController().signal,
    run: { workflowId: 'run' },
  };
  return (await service('ec2', 'west', caller)).describeVolumes({});
}
