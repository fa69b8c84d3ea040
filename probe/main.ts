import { parseArgs } from 'node:util';
import { startProbe } from './run.ts';

/** The probe as a program of its own, without the command line around it: the lab starts it so. */
const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { inventory: text, listen: text, folder: text, user: text, password: text } });
const { inventory = '', listen = '', folder = '', user, password } = values;
await startProbe({ inventory, listen, folder, login: { user, password } });
