import { isIP } from 'node:net';
import { z } from 'zod';

/** A domain name, absolute, without the dot at its end. Nothing in it can end a line of nsupdate. */
export const domain = (description: string) =>
  z
    .string()
    .max(253)
    .regex(/^(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?$/, 'a domain name')
    .transform((name) => name.replace(/\.$/, '').toLowerCase())
    .describe(description);

/** `10.0.0.1` or `10.0.0.1:5353` or `[2001:db8::1]:53`. */
export const server = (description: string) =>
  z
    .string()
    .refine((text) => serverOf(text) !== undefined, 'an address, or ADDRESS:PORT')
    .describe(description);

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

export function serverOf(text: string): NameServer | undefined {
  const match = /^(?:\[([^\]]+)\]|([0-9.]+)|([0-9A-Fa-f:]+))(?::(\d{1,5}))?$/.exec(text);
  const whole = isIP(text) ? text : undefined;
  const address = whole ?? match?.[1] ?? match?.[2] ?? '';
  const port = whole ? 53 : Number(match?.[4] ?? 53);
  return isIP(address) && port > 0 && port < 65_536 ? { address, port } : undefined;
}

/** Whether a value is one of that type. */
export function fits(type: 'A' | 'AAAA' | 'CNAME', value: string): boolean {
  if (type === 'CNAME') return domain('').safeParse(value).success;
  return isIP(value) === (type === 'A' ? 4 : 6);
}

/** A value as all servers and people write it, so that two can be compared. */
export function canonical(type: 'A' | 'AAAA' | 'CNAME', value: string): string {
  if (type === 'CNAME') return value.replace(/\.$/, '').toLowerCase();
  return type === 'A' ? value : new URL(`http://[${value}]`).hostname.slice(1, -1);
}
