import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { job, jobBefore } from '../host/job.ts';
import { run, type CommandResult } from '../host/run.ts';
import { beating } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { said } from '../tool/spawn.ts';

/** What a question to the host may take, milliseconds. */
const patience = 30_000;
/** How much of an output goes into the run's history, characters. */
const shown = 2_000;
const user = z.string().regex(/^[a-z_][a-z0-9_.-]*\$?$/i, 'the name of a user');
const words = z.array(z.string().regex(/^[^\0]*$/, 'no NUL')).min(1);

const input = z
  .object({
    host: hostName('The host on which it runs, by its name in the inventory.'),
    argv: words.describe('The program and its arguments, a word an item; no shell reads them. MUST NOT hold secrets.'),
    as: user.optional().describe('Operating-system user as whom it runs. Default: the one who logs in.'),
    creates: z
      .string()
      .regex(/^\/[^\0]*$/, 'an absolute path')
      .optional()
      .describe('Absolute path of what it makes. Where that is there it is done, and is not run; afterwards it must be there.'),
    unless: words
      .optional()
      .describe('A command that only reads, run as the same user: where it ends with 0 the work is done; afterwards it must end so.'),
    expect: z.string().min(1).optional().describe('Text that the output must contain for the work to count as done.'),
    within: z.int().min(1).max(86_400).default(600).describe('What it may take, seconds; then it is ended with all that it started.'),
  })
  .refine(({ creates, unless }) => creates !== undefined || unless !== undefined, {
    error: 'says neither by `creates` nor by `unless` how to tell that it is done: without one it could be done twice, and never be proven',
    path: ['unless'],
  });
const output = z.object({
  output: z.string().describe('The last of what it printed, at most 2,000 characters; empty where it was done before.'),
  ran: z.boolean().describe('Whether this step ran it; false where it was done before, or by hand.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'ssh.run',
  summary: 'Runs a command on a host, once, and reads back that what it is for is done.',
  effect: 'change',
  expected: 5_000,
  timeout: '15 minutes',
  retry: { times: 2, wait: '2 seconds' },
  input,
  output,
  example: {
    host: 'b-app',
    argv: ['/usr/local/bin/warm-caches', '--all'],
    as: 'orders',
    creates: '/var/lib/orders/caches-warm',
    within: 600,
  },
  permissions: ['On a host by SSH: sudo without a password for systemd-run and systemctl, and for `unless` and `creates` as that user.'],

  async preflight(wanted, context) {
    const done = await isDone(wanted, context);
    const [program] = wanted.argv;
    return [`On ${wanted.host} ${done.yes ? `${done.text}: \`${program}\` need not run` : `\`${program}\` has work to do: ${done.text}`}.`];
  },

  async execute(wanted, context) {
    const { host, argv, as, within } = wanted;
    const before = await jobBefore(host, 'run', context);
    // One that still runs, or ended badly, may have left only half of what it is for.
    const whole = before === undefined || (before.state === 'ended' && before.result.code === 0);
    if (whole && (await isDone(wanted, context)).yes) return;
    const result = await job(
      host,
      { name: 'run', argv, within: within * 1_000, again: whole ? 'always' : 'failed', ...(as && { as }) },
      context,
    );
    const done = await isDone(wanted, context);
    if (!done.yes || result.code !== 0) throw notDone(wanted, done.text, result);
  },

  async verify(wanted, context): Promise<Outcome<z.infer<typeof output>>> {
    const [done, before] = await Promise.all([isDone(wanted, context), jobBefore(wanted.host, 'run', context)]);
    if (!done.yes) throw notDone(wanted, done.text, before?.result);
    if (before === undefined)
      return { outputs: { output: '', ran: false }, evidence: [`${done.text} on ${wanted.host}; this step did not run it.`] };
    const { stdout, code } = before.result;
    if (wanted.expect !== undefined && !stdout.includes(wanted.expect))
      throw new StepError(
        'unexpected-output',
        `\`${wanted.argv[0]}\` on ${wanted.host} did not print "${wanted.expect}": ${said(before.result)}`,
        'person',
      );
    return {
      outputs: { output: stdout.slice(-shown), ran: true },
      evidence: [`${done.text} on ${wanted.host}; \`${wanted.argv[0]}\` ended with ${code ?? 'a signal'}.`],
    };
  },

  rehearse: { none: 'What a command changes beyond its host is not known: a rehearsal does not run it.' },
  undo: { none: 'What a command did is only known to people: undo it by a step of its own.' },
});

/** Only reads. */
async function isDone({ host, creates, unless, as }: Input, context: StepContext): Promise<{ yes: boolean; text: string }> {
  const ask = (argv: readonly string[]): Promise<CommandResult> =>
    beating(
      context,
      run(context.host(host), argv, { deadline: patience, signal: context.signal, viewpoint: context.viewpoint, ...(as && { as }) }),
    );
  if (creates !== undefined) {
    const { code } = await ask(['test', '-e', creates]);
    if (code !== 0) return { yes: false, text: `${creates} is not there` };
  }
  if (unless !== undefined) {
    const { code } = await ask(unless);
    if (code !== 0) return { yes: false, text: `\`${unless[0]}\` ends with ${code ?? 'a signal'}` };
  }
  const seen = [creates === undefined ? [] : [`${creates} is there`], unless === undefined ? [] : [`\`${unless[0]}\` ends with 0`]];
  return { yes: true, text: seen.flat().join(' and ') };
}

function notDone({ host, argv }: Input, why: string, result: CommandResult | undefined): StepError {
  return new StepError('not-done', `\`${argv[0]}\` on ${host} did not do what it is for: ${why}${result ? ` (${said(result)})` : ''}.`);
}
