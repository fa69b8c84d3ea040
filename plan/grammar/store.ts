import { z } from 'zod';
import { nameField, textField } from './fields.ts';

const bySite = z.record(nameField('Name of a site.'), nameField('Name of a store.'));
const where = {
  stores: bySite.describe('Site that serves → the store of backups taken then.'),
  copies: bySite.describe('Site that serves → the store, in another failure domain, of their copies.').default({}),
};

/** A place where backups lie. */
export const store = z
  .strictObject({
    tool: z.enum(['pgbackrest', 'restic']).describe('What keeps it.'),
    host: nameField('The host whose disk it is on.'),
    path: textField('Directory there.'),
    owner: textField('Operating-system user there who owns it.').optional(),
    url: textField('restic: the repository, as the hosts that save into it name it.').optional(),
    'password-file': textField('restic: file with the password, on every host that opens it.').optional(),
    options: z.array(textField('NAME=VALUE.')).describe('restic: further `-o` options.').optional(),
    'append-only': z.boolean().describe('True: those who save into it can delete nothing from it. It is proved by trying.').default(false),
  })
  .describe('A place where backups lie.');

/** How a system is backed up. */
export const backups = z
  .strictObject({
    postgres: z
      .strictObject({
        stanza: nameField("pgBackRest's name of the cluster."),
        config: textField('Path of the configuration file of pgBackRest, on every host.').default('/etc/pgbackrest.conf'),
        ...where,
      })
      .describe('The database, by pgBackRest.')
      .optional(),
    files: z
      .strictObject({
        hosts: z
          .record(nameField('Name of a site.'), nameField('Name of a host.'))
          .describe('Site that serves → the host whose files are saved.'),
        paths: z.array(z.string().regex(/^\/./, 'an absolute path')).min(1).describe('What is saved: absolute paths.'),
        user: textField(
          'Operating-system user as whom the files are read and written there, such as root. Default: root by SSH, else who runs the worker.',
        ).optional(),
        ...where,
      })
      .describe('Files, by restic.')
      .optional(),
  })
  .describe('How it is backed up. Backups follow the site that serves.');
