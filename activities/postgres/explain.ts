import { StepError } from '../error.ts';
import type { Login } from './session.ts';

/** What an error of the driver or the server means to an operator, and how it is met. */
export function explain(error: unknown, { name: server, database, user, written }: Login, where: string): StepError {
  if (error instanceof StepError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const name = `PostgreSQL on ${server} (${where})`;
  if (code === '28P01' || code === '28000' || /SASL|password must be a string/.test(message)) {
    return new StepError(
      'postgres-login',
      `${name} refuses the login of ${user} to ${database}: correct \`login\` in the inventory, the secret that it names, or pg_hba.conf there.`,
      'person',
    );
  }
  if (code === '42501')
    return new StepError('postgres-permission', `${name}: ${user} lacks a right: ${message}. Grant it, then retry.`, 'person');
  if (code === '3D000')
    return new StepError(
      'postgres-database',
      `${name} has no database "${database}": correct \`${written}.database\` in the inventory, or it is the wrong server.`,
      'person',
    );
  if (code === '53300') return new StepError('postgres-full', `${name} has no connection left.`, 'later', 1_000);
  if (code === '57P03' || code === '57P01')
    return new StepError('postgres-not-ready', `${name} is starting or stopping: ${message}.`, 'later', 500);
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E'))
    return new StepError('postgres-refused', `${name}: ${message} (${code}).`, /^(22|42)/.test(code) ? 'mistake' : 'again');
  if (/^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS|ERR_SSL)/.test(code) || /does not support SSL/.test(message))
    return new StepError(
      'postgres-tls',
      `${name} cannot be read over TLS: ${message}. Name the certificates of its authority in the inventory, or have the server use TLS.`,
      'person',
    );
  if (/timeout/i.test(message))
    return new StepError('postgres-silent', `${name} does not answer in time: it is frozen, or the link is cut.`);
  return new StepError(
    'postgres-unreachable',
    `${name} cannot be reached: ${code === 'ECONNREFUSED' ? 'connection refused' : code || message}.`,
  );
}
