import { Resolver } from 'node:dns/promises';
import { StepError } from '../error.ts';
import { canonical, serverOf } from './fields.ts';

export type RecordType = 'A' | 'AAAA' | 'CNAME';

/** What one server says of a name. */
export interface Answer {
  readonly server: string;
  /** Sorted; empty: it has none. */
  readonly values: readonly string[];
  /** Seconds that a resolver may keep the answer; null where there is none, or the type does not tell. */
  readonly ttl: number | null;
  /** Why there is no answer. */
  readonly error?: string;
}

/** Asks one server, at most about 2 s. Never throws: one that does not answer says why. */
export async function askServer(server: string, name: string, type: RecordType): Promise<Answer> {
  const place = serverOf(server);
  if (!place) throw new StepError('dns-server', `"${server}" is no address of a name server.`, 'mistake');
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([place.address.includes(':') ? `[${place.address}]:${place.port}` : `${place.address}:${place.port}`]);
  try {
    const { values, ttl } = await records(resolver, name, type);
    return { server, values: values.map((value) => canonical(type, value)).sort(), ttl };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENODATA' || code === 'ENOTFOUND') return { server, values: [], ttl: null };
    const error_ =
      code === 'ETIMEOUT' || code === 'ECONNREFUSED' ? 'it does not answer' : `it answers ${code.slice(1) || (error as Error).message}`;
    return { server, values: [], ttl: null, error: error_ };
  }
}

async function records(resolver: Resolver, name: string, type: RecordType): Promise<{ values: string[]; ttl: number | null }> {
  if (type === 'CNAME') return { values: await resolver.resolveCname(name), ttl: null };
  const found = await (type === 'A' ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }));
  return { values: found.map(({ address }) => address), ttl: found.length > 0 ? Math.min(...found.map(({ ttl }) => ttl)) : null };
}
