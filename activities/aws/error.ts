import { StepError, type Remedy } from '../error.ts';

/** A refusal or failure of an AWS call, classified. `aws` is the SDK's name of it, such as `InvalidSnapshot.NotFound`. */
export class AwsError extends StepError {
  readonly aws: string;

  constructor(aws: string, code: string, message: string, remedy: Remedy, delay?: number) {
    super(code, message, remedy, delay);
    this.aws = aws;
  }
}

/** Whether it is an AWS refusal of one of these names; a name that ends in `*` stands for all that begin so, one that begins with it for all that end so. */
export function isAws(error: unknown, ...names: readonly string[]): error is AwsError {
  return error instanceof AwsError && names.some((name) => fits(error.aws, name));
}

interface Class {
  /** Code of the step's failure. */
  readonly code: string;
  readonly remedy: Remedy;
  /** Milliseconds. */
  readonly delay?: number;
  /** What a person can do. */
  readonly fix?: string;
  readonly names: readonly string[];
}

/**
 * In this order; the first that fits counts.
 * Sources: docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and the errors of each RDS action in its API reference.
 */
const classes: readonly Class[] = [
  {
    code: 'aws-throttled',
    remedy: 'later',
    delay: 2_000,
    names: [
      'RequestLimitExceeded',
      'Throttling*',
      'ThrottledException',
      'TooManyRequestsException',
      'RequestThrottled*',
      'PriorRequestNotComplete',
      'SlowDown',
    ],
  },
  { code: 'aws-not-now', remedy: 'later', delay: 15_000, names: ['SnapshotCreationPerVolumeRateExceeded'] },
  {
    code: 'aws-not-now',
    remedy: 'later',
    delay: 5_000,
    names: [
      'ConcurrentSnapshotLimitExceeded',
      'ResourceLimitExceeded',
      'IncorrectInstanceState',
      'IncorrectState',
      'InvalidDBInstanceStateFault',
      'InvalidDBInstanceState',
      'InvalidDBSnapshotStateFault',
      'InvalidDBSnapshotState',
      'InvalidDBClusterStateFault',
      'InvalidDBClusterState',
      'InvalidDBClusterSnapshotStateFault',
      'InvalidDBClusterSnapshotState',
      'InvalidGlobalClusterStateFault',
      'InvalidGlobalClusterState',
      'IncorrectSpotRequestState',
      'ResourceInUse',
      'ResourceContention*',
      'OperationAborted',
      'DependencyViolation',
      'VolumeInUse',
      'InvalidAMIID.Unavailable',
      'ScalingActivityInProgress*',
    ],
  },
  // The SDK takes new ones by itself before the next attempt.
  { code: 'aws-credentials', remedy: 'later', delay: 2_000, names: ['ExpiredToken*', 'RequestExpired', 'TokenRefreshRequired'] },
  {
    code: 'aws-credentials',
    remedy: 'person',
    fix: 'give the worker valid credentials of AWS (profile, role or environment), and let its clock be right',
    names: [
      'CredentialsProviderError',
      'TokenProviderError',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'UnrecognizedClientException',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'IncompleteSignature*',
      'MissingAuthenticationToken*',
      'RequestTimeTooSkewed',
      'AuthFailure',
    ],
  },
  {
    code: 'aws-no-capacity',
    remedy: 'person',
    fix: 'name another type or zone, or wait until there is capacity',
    names: [
      'Insufficient*Capacity*',
      'StorageTypeNotAvailable*',
      'ProvisionedIopsNotAvailableInAZ*',
      'InsufficientStorageClusterCapacity*',
      'Unsupported',
    ],
  },
  {
    code: 'aws-quota',
    remedy: 'person',
    fix: 'raise the quota, or make room',
    names: ['*LimitExceeded*', '*QuotaExceeded*'],
  },
  {
    code: 'aws-key',
    remedy: 'person',
    fix: 'let the role use the key in this region, or name another',
    names: ['KMSKeyNotAccessible*', 'InvalidKmsKey*', 'KMS*', 'NotFoundException', 'DisabledException', 'DecryptionFailure'],
  },
  {
    code: 'aws-permission',
    remedy: 'person',
    fix: 'give the role the action; "lifeboat iam" prints the policy',
    names: ['UnauthorizedOperation', 'AccessDenied*', 'OptInRequired', 'PendingVerification', 'Blocked', 'Client.UnauthorizedOperation'],
  },
  {
    code: 'aws-exists',
    remedy: 'person',
    names: ['*AlreadyExists*', '*.Duplicate', 'InvalidAMIName.Duplicate', 'Resource.AlreadyAssociated', 'IdempotentParameterMismatch'],
  },
  { code: 'aws-not-found', remedy: 'person', names: ['*NotFound*', '*.Malformed', 'NoSuch*'] },
  {
    code: 'aws-refused',
    remedy: 'mistake',
    names: ['Invalid*', 'Missing*', 'Unknown*', 'ValidationError', 'NotImplemented', 'Unsupported*', 'PointInTimeRestoreNotEnabledFault'],
  },
];

export interface Where {
  readonly service: string;
  readonly operation: string;
  readonly site: string;
  readonly region: string;
}

/**
 * Classifies what the SDK threw. `aws-unreachable`: nothing was sent. `aws-lost`: no answer, or none that can be read, so whether the
 * call took effect is not known. `aws-fault`: AWS says itself that it failed.
 */
export function classified(error: unknown, { service, operation, site, region }: Where): Error {
  if (error instanceof StepError) return error;
  const { name = 'Error', message: raw = String(error), $metadata } = error as Partial<Error> & { $metadata?: { httpStatusCode?: number } };
  if (name === 'AbortError') return error as Error;
  const { code } = error as { code?: string };
  const status = $metadata?.httpStatusCode;
  const what = `${service} ${operation} at ${site} (${region})`;
  const message = plain(raw);
  const lost = (why: string): AwsError =>
    new AwsError(name, 'aws-lost', `No answer came: ${what}: ${why}. Whether it took effect is not known`, 'again');
  if (status !== undefined && status < 400) return lost(`${status}, and what came cannot be read`);
  const found = classes.find(({ names }) => names.some((pattern) => fits(name, pattern)));
  if (found && (status !== undefined || found.code === 'aws-credentials')) {
    const fix = found.fix === undefined ? '' : `: ${found.fix}`;
    return new AwsError(name, found.code, `${what} was refused, ${name}: ${message}${fix}`, found.remedy, found.delay);
  }
  if (status === 429) return new AwsError(name, 'aws-throttled', `${what} was refused, ${status} ${name}: ${message}`, 'later', 2_000);
  if (status !== undefined && status >= 500)
    return new AwsError(name, 'aws-fault', `${what} failed at AWS, ${status} ${name}: ${message}`, 'again');
  if (status !== undefined) return new AwsError(name, 'aws-refused', `${what} was refused, ${status} ${name}: ${message}`, 'mistake');
  if (unreached.test(code ?? '') || unreachedMessage.test(raw))
    return new AwsError(name, 'aws-unreachable', `The API of ${site} (${region}) cannot be reached: ${what}: ${message}`, 'again');
  return lost(message);
}

const unreached = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/u;
const unreachedMessage = /did not establish a connection|before secure TLS connection|^connect /u;

/** One short line, without keys and without what only AWS can decode. */
function plain(message: string): string {
  return message
    .replace(/Encoded authorization failure message:.*/su, '')
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/gu, '$1…')
    .replace(/\s+/gu, ' ')
    .replace(/[.\s]+$/u, '')
    .slice(0, 400);
}

function fits(name: string, pattern: string): boolean {
  if (!pattern.includes('*')) return name === pattern;
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.at(-1) ?? '';
  return (
    name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end) && rest.every((part) => name.includes(part))
  );
}
