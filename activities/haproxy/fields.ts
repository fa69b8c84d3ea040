import { z } from 'zod';
import { hostName } from '../fields.ts';

const path = (description: string) =>
  z
    .string()
    .max(100)
    .regex(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/, 'an absolute path of letters, digits, dots and dashes')
    .describe(description);

/** A name of a backend or a server: nothing in it can end a command of the runtime API. */
export const proxyName = (description: string) =>
  z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9._:][A-Za-z0-9._:-]*$/, 'letters, digits, dots, colons and dashes')
    .describe(description);

/** Where a proxy is, and which backend of it is meant. */
export const proxy = {
  host: hostName('The host on which HAProxy runs, by its name in the inventory.'),
  backend: proxyName('The backend, by its name in the configuration of HAProxy.'),
  socket: path("Path of the runtime API's socket on the host; it must have the level admin.").default('/run/haproxy/admin.sock'),
  as: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'a name of a user')
    .optional()
    .describe('Operating-system user there who may use the socket and write the saved state. Default: the one who logs in.'),
  save: path(
    'The file that `server-state-file` of the configuration names: the state is saved there, so that a reload of HAProxy keeps it. Absent: a reload forgets it.',
  ).optional(),
};

export const permissions = [
  'A login at the host of HAProxy, with the right to use the socket of its runtime API (level admin) and, for `save`, to write that file.',
  'The program socat on that host, and for `save` the lines `server-state-file` and `load-server-state-from-file` in the configuration of HAProxy.',
];
