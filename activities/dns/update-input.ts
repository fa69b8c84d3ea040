import { z } from 'zod';
import { canonical, domain, fits, server } from './fields.ts';

export const input = z
  .object({
    name: domain('The name whose record is changed, whole: `db.orders.example`.'),
    type: z.enum(['A', 'AAAA', 'CNAME']).default('A').describe('The type of the record.'),
    value: z.string().max(253).describe('The new value: an address, or for CNAME a name.'),
    from: z
      .string()
      .max(253)
      .optional()
      .describe('The value that it must have now. Default: the one that the server has when the step begins.'),
    zone: domain('The zone that the name is in.'),
    server: server("The zone's primary name server, which takes the update: ADDRESS or ADDRESS:PORT."),
    ttl: z.int().min(1).max(86_400).default(5).describe('How long resolvers may keep the new answer, seconds.'),
    key: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,253}$/)
      .describe('Name of the TSIG key that signs the update.'),
    algorithm: z.enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512']).default('hmac-sha256').describe('Algorithm of the TSIG key.'),
    secret: z
      .string()
      .regex(/^(env|file):./)
      .describe('The secret of the TSIG key by reference, `env:NAME` or `file:PATH`: base64, or a key file of BIND.'),
    resolvers: z
      .array(server('A resolver.'))
      .min(2)
      .max(20)
      .describe('Resolvers that must give the new answer, at different places: ADDRESS or ADDRESS:PORT each.'),
  })
  .refine(({ type, value, from }) => fits(type, value) && (from === undefined || fits(type, from)), 'the value is not one of that type')
  .refine(({ name, zone }) => name === zone || name.endsWith(`.${zone}`), 'the name is not in the zone')
  .refine(({ resolvers }) => new Set(resolvers).size === resolvers.length, 'a resolver is named twice');
export type Input = z.output<typeof input>;

/** The value that is wanted, as all servers write it. */
export function goal({ type, value }: Input): string {
  return canonical(type, value);
}
