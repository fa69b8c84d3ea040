import { z } from 'zod';
import { durationField, nameField, portField, secretField, textField } from './fields.ts';
import { rds, resources, traffic } from './aws.ts';
import { rehearsal } from './rehearsal.ts';
import { backups } from './store.ts';

const bySite = <T extends z.ZodType>(value: T) => z.record(nameField('Name of a site.'), value);
const command = (description: string) =>
  z.array(textField('An argument.')).min(1).describe(`${description} Argument vector; no shell reads it.`);

const postgres = z
  .strictObject({
    members: bySite(nameField('Name of a host.')).describe('Site → the host of the member there.'),
    port: portField('Port of the server.').default(5432),
    data: z.union([textField('Path.'), bySite(textField('Path.'))]).describe('Data directory: one for all members, or by site.'),
    bin: z
      .union([textField('Path.'), bySite(textField('Path.'))])
      .describe("Directory of PostgreSQL's programs on the hosts: one for all, or by site. Default: they are on the path.")
      .optional(),
    database: textField('Database that is read and written in checks.').default('postgres'),
    version: textField('Version that every member is to be of, such as 15 or 15.18. Default: they need only be alike.').optional(),
    login: z
      .strictObject({
        user: textField('Role that logs in.'),
        password: secretField('Its password, by reference: `env:NAME` or `file:PATH`.').optional(),
      })
      .describe('How steps log in.'),
    owner: textField(
      'Operating-system user who owns the data directory on the hosts. Default: the one as whom commands run there anyway.',
    ).optional(),
    replication: z
      .strictObject({
        user: textField('Role with REPLICATION.'),
        'rewind-user': textField('Role that may run pg_rewind against the server. Default: the same.').optional(),
        passfile: textField("Path of the owner's password file on the hosts.").optional(),
      })
      .describe('How a standby logs in at its primary, and a rewind at its source.')
      .optional(),
    unit: textField('systemd unit of the server, on every member.').optional(),
    service: bySite(
      z
        .strictObject({
          start: command('Starts the server.'),
          stop: command('Stops it cleanly.'),
          enabled: command('Prints `enabled` or `disabled`: whether it starts at boot.'),
        })
        .describe("How the server is controlled on this site's host."),
    )
      .describe('Site → how the server is started and stopped, where it is no systemd unit.')
      .optional(),
  })
  .describe('A PostgreSQL pair.');

export const system = z
  .strictObject({
    tier: z.int().min(0).max(9).describe('How soon it must be back: lower is sooner.').default(1),
    'depends-on': z.array(nameField('A system, here or elsewhere.')).describe('What must work before it.').default([]),
    postgres: postgres.optional(),
    rds: rds.optional(),
    resources: resources.optional(),
    traffic: traffic.optional(),
    backups: backups.optional(),
    'when-it-fails': z
      .enum(['hold', 'go-on'])
      .describe('In a run of a whole site: `hold` what depends on it until people have decided, or let the rest `go-on`.')
      .default('hold'),
    rehearsal: rehearsal.prefault({}),
    rest: durationField('After a live failover, how long it is not failed over again unless people lift the pause.').prefault('15 minutes'),
    probe: z
      .strictObject({
        every: durationField('Interval between two markers.').prefault('100 milliseconds'),
        good: z.int().min(1).max(1000).describe('How many good markers in a row count as served again.').default(5),
      })
      .describe('How the system is measured from outside.')
      .optional(),
    promised: z
      .strictObject({
        backup: durationField('A proven backup at least this often.').optional(),
        rehearsal: durationField('A rehearsal at least this often.').optional(),
        exercise: durationField('A live exercise at least this often.').optional(),
        readiness: durationField('A look at whether everything is ready at least this often.').optional(),
      })
      .describe('How often it is proven.')
      .optional(),
  })
  .describe('What is protected as one thing.');
