import { condition } from '@temporalio/workflow';
import type { Left, Verdict } from '../record/journal.ts';
import type { Backup, Proof } from '../activities/step.ts';
import { siteQueue } from './wire.ts';
import { control, problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { ask } from './ask.ts';
import { cut } from './fit.ts';
import { goodVerdicts } from './child-run.ts';
import { policyOf } from './policy.ts';
import { isStep, type Run } from './run.ts';
import { learn } from './known-backups.ts';
import { tellEnded } from './tell-ended.ts';
import { learntOf } from './tell-system.ts';

/** Reads from outside how long the service was away and what was lost, and holds until it is seen to serve. */
export async function measure(run: Run): Promise<void> {
  if ((!policyOf(run.kind).moves && !run.promoted) || run.pinned.whole !== undefined) return;
  for (;;) {
    const { outage, note, unserved } = await control('measured from outside', {
      startToCloseTimeout: '20 seconds',
      scheduleToCloseTimeout: '40 seconds',
    })
      ['run.measure']({ system: run.pinned.system, since: run.startedAt })
      .catch((error: unknown) => ({ outage: null, note: problemOf(error).text, unserved: false }));
    run.journal.write({ what: 'measured', outage, note });
    run.outage = outage?.failedAt && outage.servedAt ? Date.parse(outage.servedAt) - Date.parse(outage.failedAt) : null;
    if (!unserved) return;
    const answer = await ask(run, {
      id: 'measure',
      kind: 'intervention',
      title: `The steps are done, but from outside ${run.pinned.system.name} is not seen to serve`,
      facts: [{ label: 'probe', value: note }],
      choices: [
        { choice: 'retry', label: 'Retry measure', description: 'Look again.', reason: false },
        {
          choice: 'skip',
          label: 'End without being seen to serve',
          description: 'End the run. Input: the reason, a text in quotes.',
          reason: true,
        },
      ],
      approvers: [],
      count: 1,
    });
    if (answer.choice === 'retry') continue;
    run.journal.write({ what: 'not-proven', step: 'measure', why: `not seen to serve from outside: ${answer.reason}` });
    return;
  }
}

/** What a run that went through its whole walk amounts to. */
export function verdictOf(run: Run): Verdict {
  for (const track of run.tracks.values()) {
    if (track.state === 'skipped' && (track.begun > 0 || (isStep(track.node) && !track.node.if)))
      run.journal.write({ what: 'not-proven', step: track.node.id, why: `skipped: ${track.note}` });
  }
  const ofIts = verdictOfChildren(run);
  if (run.lacks.length > 0) return run.backups.length > 0 ? 'unproven' : 'failed';
  if (run.kind === 'backup') return (ofIts ?? 'proven') === 'proven' && (proven(run) || onlyOfOthers(run)) ? 'proven' : 'unproven';
  if (ofIts !== null && !run.promoted) return ofIts;
  // A recovered system has lost its standby, until replication runs the other way.
  if (run.promoted) return run.protected ? 'recovered' : 'recovered, unprotected';
  return policyOf(run.kind).moves ? 'failed' : 'restored';
}

/** A run of many is as good as the worst of them. Null: it has none. */
function verdictOfChildren(run: Run): Verdict | null {
  const ends = [...run.childRuns.values()].flatMap(({ child, verdict, why }) =>
    verdict === null ? [] : [{ name: child.name, verdict, why }],
  );
  const bad = ends.filter(({ verdict }) => !goodVerdicts.includes(verdict));
  for (const { name, verdict, why } of bad) run.journal.write({ what: 'not-proven', step: name, why: `${verdict}: ${why}` });
  if (ends.length === 0) return null;
  if (bad.length > 0) return 'failed';
  if (run.pinned.whole !== undefined) run.serving = run.pinned.target.site;
  return goodVerdicts.findLast((good) => ends.some(({ verdict }) => verdict === good))!;
}

/** It is a run of others, and saved nothing itself. */
const onlyOfOthers = (run: Run): boolean => run.backups.length === 0 && [...run.childRuns.values()].some(({ verdict }) => verdict !== null);

/** Whether everything that the run saved was proven, and it saved something. What lies in two stores is proven by a restore from either. */
export function proven(run: Run): boolean {
  const taken = learn([], run.backups).filter(({ at }) => at >= run.startedAt);
  const same = (one: Backup, other: Backup): boolean => one.holds === other.holds && one.at === other.at;
  return taken.length > 0 && taken.every((one) => taken.some((other) => other.provenAt !== null && same(one, other)));
}

/** Ends the run: verdict, record at every record store, system given back. None of it can keep the run from ending. */
export async function conclude(run: Run, verdict: Verdict, why: string): Promise<void> {
  await condition(() => run.late.length === 0, '10 seconds', { summary: 'late decisions are written down' });
  run.journal.write({ what: 'ended', verdict, why, left: leftOf(run) });
  announce(run, verdict);
  await record(run);
  await giveBack(run, verdict);
  run.ended = { verdict, why, serving: run.serving, records: run.records, ...(run.outage === null ? {} : { outage: run.outage }) };
  await tellEnded(run, verdict, why);
  announce(run);
}

async function record(run: Run): Promise<void> {
  const { plan } = run;
  if (!plan) return;
  const { steps: _, ...header } = plan;
  const journal = cut(run.journal.entries);
  const sites = Object.entries(plan.sites).filter(([, site]) => site.records !== undefined);
  await Promise.all(
    sites.map(async ([site, { records }]) => {
      // The source's store may have died with its site: it is tried, and not waited for.
      const patience = site === plan.source.site ? '6 seconds' : '1 minute';
      await control(`record at ${site}`, {
        taskQueue: siteQueue(site),
        startToCloseTimeout: '10 seconds',
        scheduleToCloseTimeout: patience,
      })
        ['run.record']({ plan: header, journal, folder: records! })
        .then(
          (path) => (run.records[site] = path),
          () => undefined,
        );
    }),
  );
}

async function giveBack(run: Run, verdict: Verdict): Promise<void> {
  // What went on without the lock tells all the same what it left, once somebody listens again.
  if (run.epoch === null && (run.plan === null || ![...run.tracks.values()].some(({ begun }) => begun > 0))) return;
  const { shared: _, ...left } = leftOf(run);
  await control(`give ${run.pinned.system.name} back`, { scheduleToCloseTimeout: '30 seconds' })
    ['run.return']({
      system: run.pinned.system.name,
      epoch: run.epoch,
      serving: run.serving,
      verdict,
      ...left,
      ...learntOf(run, verdict),
    })
    .catch(() => undefined);
}

/** What outlives the run. */
function leftOf(run: Run): Left {
  // A fence that is owed is owed to the site that was promoted in place of what it stands against.
  const stands = ({ kind, by, host }: Proof): boolean =>
    kind === 'fence' && !run.lifted.has(host) && (run.promoted || by !== 'fence.pending');
  return {
    fences: run.live ? [...run.tracks.values()].flatMap(({ proofs }) => proofs.filter(stands)) : [],
    lifted: [...run.lifted],
    protected: run.protected,
    backups: run.backups,
    shared: policyOf(run.kind).shares,
  };
}
