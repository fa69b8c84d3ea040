import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { configOf } from './config-file.ts';
import { setToFollow } from './follow.ts';
import { notYet, returned } from './returned.ts';
import { goOn, mayRewind, mustBeRewindable, room, takeBack } from './take-back.ts';

const input = z.object({
  host: hostName('The host of the stopped old primary, by its name in the inventory.'),
  source: hostName('The host of the server that serves, by its name in the inventory.'),
  compared: z
    .string()
    .min(1)
    .describe('What postgres.compare found: its output `divergence`. Rows that only the old primary has are lost here.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'postgres.rewind',
  summary: 'Takes a compared old primary back to where the other one left it, discarding what only it has, and leaves it stopped.',
  effect: 'destroy',
  expected: 5_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '5 seconds' },
  input,
  output: z.object({
    rewound: z.boolean().describe('False: nothing had to be taken back.'),
    fork: z.string().nullable().describe('Position in the write-ahead log where the two had parted. Null: not known any more.'),
  }),
  example: { host: 'a-db', source: 'b-db', compared: '7301:1:0/3000148:in-production:0/3000060' },
  permissions: [
    'The right to run commands on the host as the owner of the data directory.',
    'Two logins from the host at the server that serves: one with REPLICATION, and `postgres.replication.rewind-user` with EXECUTE on pg_ls_dir, pg_stat_file and both pg_read_binary_file in the database under `postgres.database`.',
    'A PostgreSQL login there with the roles pg_monitor and pg_checkpoint.',
  ],

  async preflight({ host, source }, context) {
    const later = await notYet(host, source, context);
    if (later) return later;
    const { seat, divergence } = await returned(host, source, context);
    if (!divergence) return [`PostgreSQL on ${host} is a standby already: nothing is rewound.`];
    if (divergence.state !== 'ahead') return [divergence.text];
    mustBeRewindable(host, divergence);
    const [fits, config] = await Promise.all([room(seat, source, context), configOf(seat), mayRewind(source, context)]);
    return [divergence.text, fits, `Its configuration is ${config}.`];
  },

  execute: (wanted, context) => beating(context, rewind(wanted, context)),

  async verify({ host, source }, context) {
    const { seat, divergence } = await returned(host, source, context);
    if (!divergence) {
      return { outputs: { rewound: false, fork: null }, evidence: [`PostgreSQL on ${host} is a standby already.`] };
    }
    if (divergence.state === 'ahead' || divergence.state === 'unrelated') throw new StepError('not-rewound', divergence.text);
    const rewound = divergence.state === 'rewound';
    const conninfo = await seat.do(['cat', '--', `${seat.data}/postgresql.auto.conf`]);
    if (rewound && !conninfo.includes('primary_slot_name'))
      throw new StepError('not-rewound', `${host} was rewound, and does not know yet whom it follows.`);
    return { outputs: { rewound, fork: divergence.fork }, evidence: [divergence.text] };
  },

  rehearse: { none: 'A rehearsal has no returned old primary; only a live exercise proves it.' },
  undo: { none: 'What a rewind discards is gone; postgres.compare exported it.' },
});

async function rewind({ host, source, compared }: Input, context: StepContext): Promise<void> {
  await goOn(host, source, context);
  const { seat, origin, divergence } = await returned(host, source, context);
  if (!divergence || divergence.state === 'follows') return;
  if (divergence.state !== 'rewound') await takeBack(seat, origin, divergence, compared, context);
  // pg_rewind wrote its own login into the settings, and slots are not copied.
  await setToFollow(seat, origin, context);
}
