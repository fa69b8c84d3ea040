import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type Proof, type StepContext } from '../step.ts';
import { promoteByHand } from './by-hand.ts';
import { onMember, type Query } from './connect.ts';
import { holding, isFresh } from './hold.ts';
import { askMember, readMember } from './member.ts';
import { noPatroniAt, notPatroni } from './patroni.ts';
import { mayWithdraw, promoter, withdraw } from './withdraw.ts';
import { acceptsWrites } from './writes.ts';

/** How long the server itself waits for its promotion, seconds. */
const patience = 30;
const input = z.object({ host: hostName('The host of the standby that becomes primary, by its name in the inventory.') });
const output = z.object({
  timeline: z.number().describe('The timeline that the new primary writes, a number.'),
  lsn: z.string().describe('Position in the write-ahead log of the first write that this step saw accepted.'),
  'promoted-at': z.string().describe("When it was seen to accept writes, ISO time of the server's clock."),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'postgres.promote',
  summary: 'Promotes a standby once the old primary is proven unable to write, and reads back that writes are accepted.',
  effect: 'change',
  requires: ['fence', 'shutdown'],
  commits: true,
  promotes: true,
  expected: 500,
  timeout: '1 minute',
  retry: { times: 3, wait: '500 milliseconds' },
  input,
  output,
  example: { host: 'b-db' },
  permissions: [
    'A PostgreSQL login on the standby with the role pg_monitor and EXECUTE on pg_promote(boolean, integer).',
    'EXECUTE on pg_stat_file(text, boolean) and pg_wal_replay_resume(), for a planned run that backs out: they tell whether a promotion is under way.',
    'TCP to the old primary, to see that it takes no writes.',
  ],

  async preflight({ host: name }, context) {
    const host = context.host(name);
    await noPatroniAt(name, context);
    return onMember(host, context.system, context, async (query) => {
      await notPatroni(query, name);
      const member = await readMember(query, host, context.system);
      if (!member.recovering) return [`PostgreSQL ${member.version} on ${name} is a primary already, on timeline ${member.timeline}.`];
      await mayPromote(query, name);
      if (context.run.mode === 'planned') await mayWithdraw(query, name);
      return [`PostgreSQL ${member.version} on ${name} is a standby on timeline ${member.timeline} at ${member.lsn} and may be promoted.`];
    });
  },

  async execute({ host: name }, context) {
    const host = context.host(name);
    await onMember(host, context.system, context, async (query) => {
      const member = await readMember(query, host, context.system);
      if (member.recovering) {
        await notPatroni(query, name);
        await mayPromote(query, name);
      }
      // Also where it is promoted already: it is taken for ours only while a proof holds.
      const proof = await beating(context, holding(context));
      if (!member.recovering) return;
      hasEverything(proof, name);
      // Before the last look at whether this attempt may act: from here on a run that backs out ends this session.
      await query(`select set_config('application_name', $1, false)`, [promoter]);
      await context.stillOurs();
      if (!isFresh(proof))
        throw new StepError('proof-stale', `The proof of ${proof.by} is older than 5 s: it is read again before ${name} is promoted.`);
      await promote(query, name, context);
    });
  },

  verify: ({ host }, context) => verified(host, context),

  member: true,
  async rehearse({ host: name }, context): Promise<Outcome<Output>> {
    const host = context.host(name);
    rehearsalOnly(context);
    await onMember(host, context.system, context, async (query) => {
      const member = await readMember(query, host, context.system);
      if (!member.recovering) return;
      if (member.follows !== false) {
        throw new StepError(
          'not-a-copy',
          `PostgreSQL on ${name} is set up to follow a primary (or does not say): it is no isolated copy, and a rehearsal does not promote it. Give the copy an empty primary_conninfo.`,
          'mistake',
        );
      }
      await context.stillOurs();
      await promote(query, name, context);
    });
    return onMember(host, context.system, context, (query) => written(query, { host: name }, context));
  },

  byHand: promoteByHand,
  // Before its end only: a promoted server has left the old timeline.
  undo: ({ host }, context) => withdraw(host, context),
});

/** A primary that was shut down for another to take its place has not waited for this one. */
function hasEverything({ kind, host, with: proved }: Proof, name: string): void {
  if (kind !== 'shutdown' || (proved as { readonly standby?: string }).standby === name) return;
  throw new StepError(
    'standby-unproven',
    `${host} was shut down without a proof that ${name} has everything: name it as the \`standby\` of postgres.quiesce. Nothing was promoted.`,
    'mistake',
  );
}

async function promote(query: Query, name: string, context: StepContext): Promise<void> {
  const act = query<{ promoted: boolean }>('select pg_promote(true, $1) as promoted', [patience], (patience + 2) * 1_000);
  const [answer] = await beating(context, act).catch(async (error: unknown) => {
    // An attempt that was killed may have sent the same order a moment ago: then there is nothing left to promote.
    const [now] = await query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering');
    if (now?.recovering === false) return [{ promoted: true }];
    throw error;
  });
  if (!answer?.promoted) throw new StepError('not-promoted', `PostgreSQL on ${name} was not promoted within ${patience} s.`);
}

async function mayPromote(query: Query, name: string): Promise<void> {
  const [row] = await query<{ may: boolean; user: string }>(
    `select has_function_privilege('pg_promote(boolean, integer)', 'execute') as may, current_user::text as user`,
  );
  if (row?.may) return;
  throw new StepError(
    'postgres-permission',
    `${row?.user} may not promote PostgreSQL on ${name}: \`grant execute on function pg_promote to ${row?.user}\` on the primary.`,
    'person',
  );
}

/** Writes are accepted here, and no other member says that it is a primary too. */
async function verified(name: string, context: StepContext): Promise<Outcome<Output>> {
  const others = Object.values(context.system.postgres?.members ?? {}).filter((other) => other !== name);
  const [outcome, ...elsewhere] = await Promise.all([
    onMember(context.host(name), context.system, context, (query) => written(query, { host: name }, context)),
    ...others.map((other) => askOther(other, context)),
  ]);
  return { ...outcome, evidence: [...outcome.evidence, ...elsewhere] };
}

async function written(query: Query, { host: name }: Input, context: StepContext): Promise<Outcome<Output>> {
  const member = await readMember(query, context.host(name), context.system);
  if (member.recovering) throw new StepError('not-promoted', `PostgreSQL on ${name} is still a standby.`);
  const { lsn, at } = await acceptsWrites(query, name);
  return {
    outputs: { timeline: member.timeline, lsn, 'promoted-at': at },
    evidence: [`PostgreSQL on ${name} is a primary on timeline ${member.timeline}; a write was committed and flushed there at ${lsn}.`],
  };
}

async function askOther(name: string, context: StepContext): Promise<string> {
  const member = await askMember(context.host(name), context.system, context, 1_000).catch((error: StepError) => error);
  if (member instanceof Error) return `The old primary takes no writes as seen from ${context.viewpoint}: ${member.message}`;
  if (member.recovering) return `PostgreSQL on ${name} is a standby.`;
  throw new StepError(
    'two-primaries',
    `PostgreSQL on ${name} is a primary too: there are two. Cut one off at once; what both have written must be compared.`,
    'person',
  );
}
