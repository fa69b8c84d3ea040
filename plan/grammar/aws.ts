import { z } from 'zod';
import { nameField, portField, secretField, textField, urlField } from './fields.ts';

const bySite = <T extends z.ZodType>(value: T) => z.record(nameField('Name of a site.'), value);

/** What an AWS site has beside what every site has: one region of one account, and how it is reached. */
export const aws = {
  region: z
    .string()
    .regex(/^[a-z]{2,}(?:-[a-z]+)+-\d$/, 'a region, such as us-east-1')
    .describe('aws: the region.')
    .optional(),
  account: z
    .string()
    .regex(/^\d{12}$/, 'twelve digits, in quotes')
    .describe('aws: the account that it must be. It is checked before anything is changed.')
    .optional(),
  profile: textField("aws: profile of the worker's AWS configuration. Default: the ordinary chain of credentials.").optional(),
  role: z
    .strictObject({
      arn: z
        .string()
        .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'the ARN of a role')
        .describe('The role.'),
      'external-id': textField('External id that the role asks for.').optional(),
    })
    .describe('aws: role that is taken on there, in a session named after the run.')
    .optional(),
  endpoint: urlField("aws: another endpoint for all its services, such as an emulator's.").optional(),
  fips: z.boolean().describe('aws: use FIPS endpoints.').optional(),
  'dual-stack': z.boolean().describe('aws: use dual-stack endpoints.').optional(),
  'api-share': z
    .number()
    .gt(0)
    .max(1)
    .describe("aws: which part of the account's API limits is used here; the rest is left to others. Default: 0.5.")
    .optional(),
};

/** A database of Amazon RDS at two sites. */
export const rds = z
  .strictObject({
    members: bySite(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'an identifier of RDS')).describe(
      'Site → identifier of the instance there; of the cluster, where `global` is set.',
    ),
    global: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'an identifier of RDS')
      .describe('Aurora: identifier of the global cluster that they are members of.')
      .optional(),
    port: portField('Port of the database.').default(5432),
    database: textField('Database that is read in checks.').default('postgres'),
    login: z
      .strictObject({
        user: textField('Role that logs in.'),
        password: secretField('Its password, by reference.').optional(),
      })
      .describe('How steps log in to read. Without it no step reads rows.')
      .optional(),
    connect: bySite(
      z.strictObject({ address: textField('Address.'), port: portField('Port.').optional() }).describe('Where it is reached.'),
    )
      .describe('Site → where it is reached, where that is not the endpoint that AWS gives.')
      .optional(),
    certificates: textField(
      "Path, on the workers' machines, of the certificates of the authorities of Amazon RDS, PEM. Default: those that Node.js trusts, and NODE_EXTRA_CA_CERTS.",
    ).optional(),
  })
  .describe('A database of Amazon RDS, at two sites.');

/** Where a rehearsal puts its copy of a database of Amazon RDS. */
export const placeOfRds = z
  .strictObject({
    subnets: textField('Name of a subnet group from whose subnets no way leads out.'),
    groups: z
      .array(textField('Id of a security group.'))
      .describe('Its security groups: they let the workers in, and nothing out.')
      .default([]),
    from: z
      .enum(['member', 'backup'])
      .describe(
        'What the copy is made of: a snapshot of the `member` there, made for it and taken away with it, or the newest `backup` that is there.',
      )
      .default('member'),
    classes: z
      .array(textField('Class of an instance.'))
      .describe('Its class; the next where there is no capacity for the one before. Default: the class that it had.')
      .default([]),
  })
  .describe('Where the copy of its database is put. Without it no promotion is rehearsed.');

/** A DNS record of Route 53 that leads clients to the site that serves. */
export const traffic = z
  .strictObject({
    zone: z
      .string()
      .regex(/^Z[A-Z0-9]{3,31}$/, 'the id of a hosted zone')
      .describe('Id of the hosted zone.'),
    record: textField('Name of the record, such as shop.example.com.'),
    type: z.enum(['A', 'AAAA', 'CNAME']).describe('Its type.').default('CNAME'),
    identifiers: bySite(textField('Set identifier.')).describe('Site → set identifier of its weighted or failover record.'),
  })
  .describe('The record of Route 53 by which clients find the site that serves.');

const value = z.union([z.string(), z.number(), z.boolean()]);
/** Names of things that a system has at its sites. */
export const resources = bySite(
  z.record(nameField('Name that runbooks use.'), z.union([value, z.array(value)]).describe('Its id, name or ARN, or a list of them.')),
).describe('Site → what the system has there, by the names that runbooks use: `${{ source.resources.NAME }}`.');
