/** What an emulated AWS is told and asked beside the API: faults, times, limits, and the ledger of all that was ever made. */

/** A call that goes wrong: its next `times` (1) calls. */
export interface CloudFault {
  /** As it signs: `ec2`, `rds`, `route53`; absent: any. */
  readonly service?: string;
  /** Such as `CreateSnapshots`; absent: any. */
  readonly operation?: string;
  readonly region?: string;
  readonly times?: number;
  /** How many calls go well before it strikes; 0. A dry run is none. */
  readonly after?: number;
  /**
   * `refuse` answers an error before any effect; `lose` takes effect and cuts the connection before the answer; `reset` cuts it
   * before any effect; `slow` waits `seconds` (1) before it takes effect; `late` takes effect and then waits before it answers.
   */
  readonly kind: 'refuse' | 'lose' | 'throttle' | 'slow' | 'reset' | 'late';
  /** Of `refuse`; absent: `InternalError`. */
  readonly code?: string;
  /** HTTP status; absent: 500, 503 or 400 for `throttle`. */
  readonly status?: number;
  readonly seconds?: number;
}

export interface FiredFault extends CloudFault {
  /** How often it has struck. */
  readonly fired: number;
  /** How many of these calls have taken effect so far. */
  readonly done: number;
}

/** How an account behaves. A field that is given replaces what it was. */
export interface CloudSettings {
  /** Seconds until a state is reached, by kind: `ec2:snapshot`, `ec2:image`, `ec2:instance`, `ec2:volume`, `rds:instance`, `rds:snapshot`, `rds:cluster`, `rds:cluster-snapshot`, `rds:global-cluster`, `route53:change`. */
  readonly seconds?: { readonly [kind: string]: number };
  /** End states in place of success, by kind: `error`. */
  readonly final?: { readonly [kind: string]: string };
  /** Copies of snapshots that a region makes at once; 20. */
  readonly copies?: number;
  /** What there is no capacity for; without a zone, anywhere. */
  readonly capacity?: readonly { readonly type: string; readonly zone?: string }[];
  /** Limits: `L-1216C47A` (vCPUs), `rds:instances`, `rds:snapshots`. */
  readonly quotas?: { readonly [quota: string]: number };
  /** Token buckets, by service and operation (`ec2:DescribeSnapshots`); `rate` a second. */
  readonly buckets?: { readonly [operation: string]: { readonly size: number; readonly rate: number } };
  /** Status of Route 53 health checks, by id. */
  readonly health?: { readonly [id: string]: 'Success' | 'Failure' };
  /** Seconds between now and the latest restorable time, by DB instance. */
  readonly windows?: { readonly [id: string]: number };
  /** Whether policies are evaluated: a role may do what they allow, and nothing else. */
  readonly iam?: boolean;
  /** Policy documents by the name of the role, such as `lifeboat`. */
  readonly policies?: { readonly [role: string]: object | readonly object[] };
  /** Regions that do not answer; without us-east-1, neither does Route 53. */
  readonly unreachable?: readonly string[];
}

/** A resource that was made at some time, from the emulator's own state. */
export interface LedgerEntry {
  /** `ec2`, `rds`, `route53`, `autoscaling`, `kms`, `secretsmanager`, `s3`. */
  readonly service: string;
  /** Such as `snapshot`, `instance`, `security-group`, `record`, `object`. */
  readonly kind: string;
  readonly id: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
  readonly tags: { readonly [key: string]: string };
  readonly state: string | null;
  /** True: it is no more. */
  readonly gone: boolean;
}

export interface CloudControl {
  /** In place of those that were set before; `[]` ends them. */
  faults(rules: readonly CloudFault[]): Promise<void>;
  /** The faults as set. */
  fired(): Promise<readonly FiredFault[]>;
  settings(settings: CloudSettings): Promise<void>;
  /** Everything that these accounts ever had, beside what AWS itself puts there. */
  ledger(): Promise<readonly LedgerEntry[]>;
}

/** @param accounts whose calls and resources it is about; others are left alone. */
export function cloudControl(endpoint: string, accounts: readonly string[]): CloudControl {
  return {
    faults: async (rules) => void (await ask(endpoint, 'faults', { accounts, rules })),
    fired: async () => (await ask<{ rules: FiredFault[] }>(endpoint, 'fired', { accounts })).rules,
    settings: async (settings) => void (await ask(endpoint, 'settings', { accounts, settings })),
    ledger: async () => (await ask<{ entries: LedgerEntry[] }>(endpoint, 'ledger', { accounts })).entries,
  };
}

/** Whether an emulator answers there. */
export function isReady(endpoint: string): Promise<boolean> {
  return ask(endpoint, 'ready', {}).then(
    () => true,
    () => false,
  );
}

async function ask<Answer>(endpoint: string, path: string, body: unknown): Promise<Answer> {
  const answer = await fetch(new URL(`/lifeboat/${path}`, endpoint), { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`The emulator of AWS refused ${path}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
