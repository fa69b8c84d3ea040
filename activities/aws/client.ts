import type { AutoScaling } from '@aws-sdk/client-auto-scaling';
import type { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { IAM } from '@aws-sdk/client-iam';
import type { KMS } from '@aws-sdk/client-kms';
import type { RDS } from '@aws-sdk/client-rds';
import type { Route53 } from '@aws-sdk/client-route-53';
import type { S3 } from '@aws-sdk/client-s3';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import type { STS } from '@aws-sdk/client-sts';
import type { AwsFacts } from '../../plan/plan.ts';
import type { StepContext } from '../step.ts';
import { spend, throttled } from './budget.ts';
import { AwsError, classified } from './error.ts';

export interface Services {
  readonly autoScaling: AutoScaling;
  readonly cloudWatch: CloudWatch;
  readonly ec2: EC2;
  readonly iam: IAM;
  readonly kms: KMS;
  readonly rds: RDS;
  readonly route53: Route53;
  readonly s3: S3;
  readonly secrets: SecretsManager;
  readonly quotas: ServiceQuotas;
  readonly sts: STS;
}

/** Who calls: a step's context is one. */
export type Caller = Pick<StepContext, 'aws' | 'signal'> & { readonly run: Pick<StepContext['run'], 'workflowId'> };

/** A call as it was made; `action` is its IAM action. */
export interface Call {
  readonly action: string;
  readonly site: string;
  readonly dryRun: boolean;
}

const listeners = new Set<(call: Call) => void>();

/** Tells of every call that is made from now on, until the function that it returns is called. For tests and counts. */
export function onCall(listener: (call: Call) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The SDK's own switch: that it wants a newer Node.js is known, and is no news for an operator on the worst day. */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** Loaded only when a step needs them: the client of EC2 alone takes a second. */
const makers: { readonly [K in keyof Services]: (config: object) => Promise<Services[K]> } = {
  autoScaling: async (config) => new (await import('@aws-sdk/client-auto-scaling')).AutoScaling(config),
  cloudWatch: async (config) => new (await import('@aws-sdk/client-cloudwatch')).CloudWatch(config),
  ec2: async (config) => new (await import('@aws-sdk/client-ec2')).EC2(config),
  iam: async (config) => new (await import('@aws-sdk/client-iam')).IAM(config),
  kms: async (config) => new (await import('@aws-sdk/client-kms')).KMS(config),
  rds: async (config) => new (await import('@aws-sdk/client-rds')).RDS(config),
  route53: async (config) => new (await import('@aws-sdk/client-route-53')).Route53(config),
  s3: async (config) => new (await import('@aws-sdk/client-s3')).S3(config),
  secrets: async (config) => new (await import('@aws-sdk/client-secrets-manager')).SecretsManager(config),
  quotas: async (config) => new (await import('@aws-sdk/client-service-quotas')).ServiceQuotas(config),
  sts: async (config) => new (await import('@aws-sdk/client-sts')).STS(config),
};

/** IAM's prefix of a service's actions. */
const prefixes: { readonly [K in keyof Services]: string } = {
  autoScaling: 'autoscaling',
  cloudWatch: 'cloudwatch',
  ec2: 'ec2',
  iam: 'iam',
  kms: 'kms',
  rds: 'rds',
  route53: 'route53',
  s3: 's3',
  secrets: 'secretsmanager',
  quotas: 'servicequotas',
  sts: 'sts',
};

/** Actions of IAM that are not named like the call. Source: docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html. */
const named: { readonly [call: string]: string } = {
  's3:DeleteObject version': 's3:DeleteObjectVersion',
  's3:GetObjectLockConfiguration': 's3:GetBucketObjectLockConfiguration',
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
};

/** Newest last. */
const clients = new Map<string, Promise<Services[keyof Services]>>();
const most = 100;

/**
 * A client of a service at an AWS site, as the run's own session. One attempt a call, for the workflow owns retries; calls end with
 * the step, stay within the site's share of the API's limits, and fail with an AwsError.
 */
export async function service<K extends keyof Services>(name: K, site: string, caller: Caller): Promise<Services[K]> {
  const facts = caller.aws(site);
  const session = sessionOf(caller.run.workflowId);
  const key = JSON.stringify([name, site, facts, facts.role ? session : '']);
  const known = clients.get(key) ?? make(name, site, facts, session);
  clients.delete(key);
  clients.set(key, known);
  known.catch(() => clients.delete(key));
  if (clients.size > most) void forgetOldest();
  return bound((await known) as Services[K], name, facts, caller.signal);
}

async function make<K extends keyof Services>(name: K, site: string, facts: AwsFacts, session: string): Promise<Services[K]> {
  const client = await makers[name]({
    region: facts.region,
    // Another retry inside one of the workflow's would double what has no token.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
    ...(facts.endpoint === undefined ? {} : { endpoint: facts.endpoint }),
    ...(facts.fips === undefined ? {} : { useFipsEndpoint: facts.fips }),
    ...(facts.dualStack === undefined ? {} : { useDualstackEndpoint: facts.dualStack }),
    ...(name === 's3' && facts.endpoint !== undefined ? { forcePathStyle: true } : {}),
    ...(await credentials(facts, session)),
  });
  const { middlewareStack } = client as EC2;
  middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/u, '');
        const input = args.input as { DryRun?: boolean; VersionId?: string };
        const call = `${prefixes[name]}:${operation}`;
        const action = (input.VersionId !== undefined && named[`${call} version`]) || (named[call] ?? call);
        for (const listener of listeners) listener({ action, site, dryRun: input.DryRun === true });
        try {
          return await next(args);
        } catch (error) {
          const known = classified(error, { service: name, operation, site, region: facts.region });
          if (known instanceof AwsError && known.code === 'aws-throttled')
            throttled({ facts, service: name, operation, input: args.input });
          throw known;
        }
      },
    { step: 'initialize', name: 'lifeboat', priority: 'high' },
  );
  return client;
}

async function credentials({ role, profile, endpoint, region }: AwsFacts, session: string): Promise<object> {
  if (role === undefined && profile === undefined) return {};
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const own = fromNodeProviderChain(profile === undefined ? {} : { profile });
  if (role === undefined) return { credentials: own };
  return {
    credentials: fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: role.arn,
        RoleSessionName: session,
        ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
      },
      clientConfig: { region, maxAttempts: 2, ...(endpoint === undefined ? {} : { endpoint }) },
    }),
  };
}

/** What CloudTrail shows as the session's name: letters that STS takes, 64 at the most. */
function sessionOf(workflowId: string): string {
  return `lifeboat-${workflowId}`.replace(/[^\w+=,.@-]/gu, '-').slice(0, 64);
}

/** Every call of it waits for its place in the budget, and ends with the step. */
function bound<T extends object>(client: T, service: string, facts: AwsFacts, signal: AbortSignal): T {
  const { send } = client as { send(command: object, options?: object): Promise<unknown> };
  const sent = async (command: { readonly input?: unknown }, options?: object): Promise<unknown> => {
    const operation = command.constructor.name.replace(/Command$/u, '');
    await spend({ facts, service, operation, input: command.input, signal });
    // The SDK never takes its listeners off again: each call has a signal of its own.
    return send.call(client, command, { abortSignal: AbortSignal.any([signal]), ...options });
  };
  // All its methods, and its pages, come down to this one.
  return new Proxy(client, {
    get: (target, property, receiver) => (property === 'send' ? sent : (Reflect.get(target, property, receiver) as unknown)),
  });
}

async function forgetOldest(): Promise<void> {
  const [oldest] = clients;
  if (oldest === undefined) return;
  clients.delete(oldest[0]);
  // A step may still be in the middle of a call of it; its sockets end by themselves.
  await oldest[1].catch(() => undefined);
}
