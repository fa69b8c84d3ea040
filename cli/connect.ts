import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure, unreachable, usage } from './failure.ts';
import { uiBase } from './ui.ts';

/** A connection to Temporal, and where its UI is. */
export interface Temporal {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  /** Address of a run's page in the UI. */
  link(workflowId: string, runId?: string): string;
  /** Calls the server and gives up after `milliseconds`. */
  within<T>(milliseconds: number, call: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const patience = 3000;

/**
 * Connects by the profile and the TEMPORAL_… variables that all of Temporal's tools use.
 * @param identity name of the person or program, which the server writes beside what it is asked to do
 * @param runbooks runbooks folder whose inventory may name the UI
 * @throws a failure of code 3 where the server does not answer within 3 s
 */
export async function connect(identity: string, runbooks?: string): Promise<Temporal> {
  const { connectionOptions, namespace = 'default' } = configuration();
  const address = connectionOptions.address ?? 'localhost:7233';
  const [connection, base] = await Promise.all([reach(address, connectionOptions as ConnectionOptions), uiBase(address, runbooks)]);
  return {
    client: new Client({ connection, namespace, identity }),
    connection,
    address,
    namespace,
    link: (workflowId, runId) =>
      [
        base,
        'namespaces',
        encodeURIComponent(namespace),
        'workflows',
        encodeURIComponent(workflowId),
        ...(runId === undefined ? [] : [runId]),
      ].join('/'),
    within: (milliseconds, call) => connection.withDeadline(Date.now() + milliseconds, call),
    close: () => connection.close(),
  };
}

async function reach(address: string, options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, address, connectTimeout: patience });
  } catch (error) {
    throw unreachable(
      `Temporal does not answer at ${address}: ${reason(error)}.`,
      'Is it running, and is TEMPORAL_ADDRESS (or the profile in TEMPORAL_PROFILE) right? For practice: lifeboat dev',
    );
  }
}

function configuration(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw usage(`The Temporal profile cannot be read: ${(error as Error).message}`, 'See TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE.');
  }
}

/** What a gRPC error says, without its number and stack. */
export function reason(error: unknown): string {
  const inner = error as { details?: string; cause?: { details?: string; message?: string }; message?: string };
  const text = inner.details || inner.cause?.details || inner.cause?.message || inner.message || String(error);
  if (/deadline exceeded|failed to connect before the deadline/i.test(text)) return 'no answer in time';
  return text.replace(/^\d+ [A-Z_]+: /, '').replace(/\.$/, '');
}

/** Turns an error of a call to the server into a failure that says what to do. */
export function explain(error: unknown, doing: string, address: string): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: number; cause?: { code?: number } }).code ?? (error as { cause?: { code?: number } }).cause?.code;
  if (code === 7 || code === 16)
    return new Failure(
      4,
      `Temporal refused ${doing}: ${reason(error)}.`,
      'These credentials are not allowed to do it: see TEMPORAL_API_KEY and TEMPORAL_PROFILE.',
    );
  return unreachable(`Temporal at ${address} failed at ${doing}: ${reason(error)}.`, 'Try again; the run itself is not harmed by this.');
}
