import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { ownTool } from '../tool/own.ts';
import type { RecordType } from './ask.ts';
import { serverOf } from './fields.ts';

/** One record, to be replaced where its only value is `from`. */
export interface Swap {
  readonly server: string;
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly from: string;
  readonly to: string;
  readonly ttl: number;
  /** The TSIG key that signs: its name, its algorithm, and a reference to its secret. */
  readonly key: string;
  readonly algorithm: string;
  readonly secret: string;
}

/** Whether the server swapped, or found another value there. What it says is no proof. */
export type Swapped = 'done' | 'other-value';

/** Asks a server, signed, to replace a value by another, only where it is still the one that is expected. */
export function swap(wanted: Swap, ask: Asker): Promise<Swapped> {
  const { name, type, from, to, ttl } = wanted;
  const record = (value: string): string => (type === 'CNAME' ? `${value}.` : value);
  return send(
    wanted,
    [
      `prereq yxrrset ${name}. ${type} ${record(from)}`,
      `update delete ${name}. ${type}`,
      `update add ${name}. ${ttl} ${type} ${record(to)}`,
    ],
    ask,
  );
}

/**
 * Proves that the server knows the key and lets it change the name, without changing anything: a signed update of nothing under a
 * condition that never holds.
 */
export async function mayUpdate(wanted: Omit<Swap, 'from' | 'to' | 'ttl'>, ask: Asker): Promise<void> {
  const never = `${wanted.name}.`;
  await send(wanted, [`prereq nxdomain ${never}`, `prereq yxdomain ${never}`, `update delete ${never} ${wanted.type}`], ask);
}

/** Makes a record, or removes it (`value` null), whatever was there. MUST be of a name that is nobody else's. */
export async function put(wanted: Omit<Swap, 'from' | 'to'>, value: string | null, ask: Asker): Promise<void> {
  const { name, type, ttl } = wanted;
  const added = value === null ? [] : [`update add ${name}. ${ttl} ${type} ${type === 'CNAME' ? `${value}.` : value}`];
  await send(wanted, [`update delete ${name}. ${type}`, ...added], ask);
}

async function send(wanted: Omit<Swap, 'from' | 'to' | 'ttl'>, lines: readonly string[], ask: Asker): Promise<Swapped> {
  const { address, port } = serverOf(wanted.server)!;
  const secret = secretOf(await ask.secret(wanted.secret), wanted.key);
  const head = [`server ${address} ${port}`, `zone ${wanted.zone}.`, `key ${wanted.algorithm}:${wanted.key}. ${secret}`];
  const input = [...head, ...lines, 'send', ''].join('\n');
  const answer = await ownTool(['nsupdate', '-t', '4', '-u', '1', '-r', '2'], { ask, within: 6_000, input, hide: secret });
  if (answer.code === 0) return 'done';
  if (/\b(NXRRSET|YXRRSET|NXDOMAIN|YXDOMAIN)\b/.test(answer.stderr)) return 'other-value';
  throw refusal(answer.stderr, wanted);
}

/** The secret itself, or the one in a key file of BIND. */
function secretOf(text: string, key: string): string {
  const secret = /secret\s+"([^"]+)"/.exec(text)?.[1] ?? text.trim();
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(secret)) return secret;
  throw new StepError('dns-key', `The secret of the key ${key} is not base64, nor a key file of BIND.`, 'person');
}

function refusal(stderr: string, { server, name, zone, key }: Omit<Swap, 'from' | 'to' | 'ttl'>): StepError {
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  if (/BADSIG|BADKEY|tsig (verify|indicates)|BADTIME/i.test(stderr))
    return new StepError(
      'dns-key',
      /BADTIME/.test(stderr)
        ? `The name server ${server} refuses the signature for its time: the clocks here and there differ.`
        : `The name server ${server} does not accept the key ${key} (${said}): correct its name, algorithm or secret.`,
      'person',
    );
  if (/REFUSED|NOTAUTH|NOTZONE/.test(stderr))
    return new StepError(
      'dns-refused',
      `The name server ${server} refuses to let the key ${key} change ${name} in ${zone} (${said}): is it the zone's primary, and does its \`update-policy\` grant that name and type?`,
      'person',
    );
  if (/timed out|unreachable|refused|no servers|failed to/i.test(stderr))
    return new StepError('dns-unreachable', `The name server ${server} does not answer (${said}).`);
  return new StepError(
    'dns-failed',
    `The name server ${server} did not update ${name}: ${said}`,
    /SERVFAIL/.test(stderr) ? 'again' : 'person',
  );
}
