/** A token bucket as AWS publishes it: so many at once, so many more each second. */
export interface Limit {
  readonly burst: number;
  readonly perSecond: number;
}

/** A bucket that a call takes from. Those with the same name share it. */
export interface Take {
  readonly bucket: string;
  readonly limit: Limit;
  /** Tokens. */
  readonly tokens: number;
}

const limit = (burst: number, perSecond: number): Limit => ({ burst, perSecond });

/**
 * Requests, each action on its own, by account and region. The first that fits counts.
 * Source: docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html.
 */
const ec2: readonly (readonly [actions: RegExp, limit: Limit])[] = [
  [/^(?:RunInstances|StartInstances)$/u, limit(5, 2)],
  [/^CopyImage$/u, limit(100, 1)],
  [
    /^(?:TerminateInstances|(?:Create|Delete|Modify|Attach|Detach)Volume|(?:Create|Delete|Copy)Snapshots?|ModifySnapshotAttribute)$/u,
    limit(100, 5),
  ],
  [/^(?:Describe|Get|Search)/u, limit(100, 20)],
  [/./u, limit(50, 5)],
];

/** What a call costs by the resources that it works on. Same source. */
const ec2Resources: { readonly [action: string]: Limit } = {
  RunInstances: limit(1_000, 2),
  StartInstances: limit(1_000, 2),
  StopInstances: limit(1_000, 20),
  TerminateInstances: limit(1_000, 20),
};

/**
 * All calls of an account together, and some actions on their own.
 * Source: docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html.
 */
const route53: { readonly [action: string]: Limit } = {
  all: limit(50, 10),
  CreateHealthCheck: limit(50, 0.5),
  DeleteHealthCheck: limit(15, 3),
  GetHealthCheckStatus: limit(4, 1),
};

/** Publishes none that matter to a run, or so many that no run comes near. */
const free = limit(1_000, 100);
/** RDS throttles, and publishes no numbers: what EC2 allows of its own kind is kept to. */
const rds = { read: limit(100, 20), change: limit(50, 5) };

/** What a call takes, and from which buckets. */
export function takes(service: string, operation: string, input: unknown): readonly Take[] {
  if (service === 'ec2') {
    const resources = ec2Resources[operation];
    const requests = { bucket: operation, limit: ec2.find(([actions]) => actions.test(operation))![1], tokens: 1 };
    if (resources === undefined) return [requests];
    return [requests, { bucket: `${operation} resources`, limit: resources, tokens: resourcesOf(input) }];
  }
  if (service === 'route53') {
    const own = route53[operation];
    const all = { bucket: 'all', limit: route53['all']!, tokens: 1 };
    return own === undefined ? [all] : [all, { bucket: operation, limit: own, tokens: 1 }];
  }
  if (service === 'rds') {
    const reads = operation.startsWith('Describe');
    return [{ bucket: reads ? operation : 'change', limit: reads ? rds.read : rds.change, tokens: 1 }];
  }
  return [{ bucket: operation, limit: free, tokens: 1 }];
}

function resourcesOf(input: unknown): number {
  const { MaxCount, InstanceIds } = (input ?? {}) as { MaxCount?: number; InstanceIds?: readonly string[] };
  return MaxCount ?? InstanceIds?.length ?? 1;
}
