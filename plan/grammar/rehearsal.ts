import { z } from 'zod';
import { placeOfRds } from './aws.ts';
import { durationField, nameField, portField, textField } from './fields.ts';

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]);

export const place = z
  .strictObject({
    postgres: z
      .strictObject({
        host: nameField('Host that holds the copy. Default: the member of the site.').optional(),
        port: portField('Port of the copy. Default: 10000 above that of the system.').optional(),
        from: z
          .enum(['member', 'backup'])
          .describe('What the copy is made of: the `member` that runs there, or the last `backup`.')
          .default('member'),
      })
      .describe('The copy of the database.')
      .prefault({}),
    rds: placeOfRds.optional(),
    root: textField('Directory on the hosts of copies under which everything lies that a rehearsal makes.').default(
      '/var/lib/lifeboat/rehearsal',
    ),
    resources: z.record(nameField('Name of a resource.'), value).describe("In place of the system's resources there.").default({}),
    values: z.record(nameField('Name of a value.'), value).describe("In place of the inventory's values.").default({}),
    traffic: z
      .strictObject({ record: textField('A record that no client uses.') })
      .describe('In place of the record by which clients come.')
      .optional(),
  })
  .describe('Where its copies lie, and what stands in for what is in service.');

/** Copies with their own names, ports, networks and tags: what a rehearsal acts on in place of production. */
export const rehearsal = z
  .strictObject({
    at: z
      .record(nameField('Name of a site.'), place)
      .describe('Site that would serve → where its copies lie. Default: beside what is copied.')
      .default({}),
    keep: z
      .strictObject({
        passed: durationField('After one that passed.').prefault('0 seconds'),
        failed: durationField('After one that failed, so that the copies can be looked at.').prefault('0 seconds'),
      })
      .describe('How long copies are kept once it has ended.')
      .prefault({}),
    expires: durationField('Everything that it made may be taken away so long after its start, whatever became of it.').prefault(
      '12 hours',
    ),
  })
  .describe('How the system is rehearsed.');
