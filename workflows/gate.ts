import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Gate } from '../plan/plan.ts';
import type { Fact } from '../record/journal.ts';
import type { Facts } from './wire.ts';
import { siteQueue } from './wire.ts';
import { control } from './activities.ts';
import { askOnce } from './ask.ts';
import { bearable, doubtsAbout, serves, worsened } from './doubts.ts';
import { whileGoing } from './going.ts';
import { switchMode } from './intervene.ts';
import { now } from './journal.ts';
import { allowed } from './judge.ts';
import { lookup } from './lookup.ts';
import { awsOf } from './perform.ts';
import { policyOf } from './policy.ts';
import type { Question } from './question.ts';
import { failedAt, notReached } from './rehearse.ts';
import { resolve, worded } from './resolve.ts';
import { Stopped, type Run } from './run.ts';

const nothingKnown: Facts = { atRisk: null, atRiskText: 'loss unknown', viewpoints: [], seen: {} };
/** How long until the world is looked at again where it was not known what would be lost, milliseconds. */
const lookAgain = [2_000, 4_000, 8_000] as const;

/**
 * Reads what a gate shows of the world, from the target's side. Never fails: what cannot be read is unknown.
 * `young`: what was read no longer ago than this will do, milliseconds.
 */
export async function lookAround(run: Run, young = 0): Promise<Facts> {
  if (run.facts && Date.now() - run.factsAt < young) return run.facts;
  // A rehearsal moves nothing: there is nothing at risk to be asked about.
  if (!run.live) return (run.facts = nothingKnown);
  const { system, source, target, hosts } = run.pinned;
  try {
    const options = { taskQueue: siteQueue(target.site), scheduleToCloseTimeout: '10 seconds' } as const;
    const facts = await CancellationScope.nonCancellable(() =>
      control('what is known of the source?', options)['run.facts']({ system, source, target, hosts, ...awsOf(run) }),
    );
    for (const [host, at] of Object.entries(facts.seen)) if ((run.seen[host] ?? '') < at) run.seen[host] = at;
    run.facts = facts;
    run.factsAt = Date.now();
  } catch {
    run.facts = nothingKnown;
  }
  return run.facts;
}

/** Holds until enough people have approved what they were shown. */
export async function hold(run: Run, node: Gate): Promise<void> {
  const track = run.track(node.id);
  track.state = 'asking';
  track.startedAt ??= now();
  const pauses = [...lookAgain];
  for (;;) {
    if (run.leftOut(node)) {
      track.state = 'waiting';
      return;
    }
    const shown = await lookAround(run, 2_000);
    if (run.stop) throw new Stopped();
    if (covered(run, node, shown)) break;
    // Of hundreds that begin at once some get no answer in time: that alone is no reason to ask people what they have answered.
    const pause = run.input.given?.approved && shown.atRisk === null ? pauses.shift() : undefined;
    if (pause !== undefined) {
      await whileGoing(run, () => sleep(pause));
      continue;
    }
    let since: Promise<Facts> | undefined;
    // The world is looked at again while the sender of an approval is.
    const pressed = (choice: string): void => {
      if (choice === 'approve' && node.limit !== undefined) since = lookAround(run);
    };
    const answer = await askOnce(run, { ...question(run, node, shown), pressed });
    if (answer === 'withdrawn') continue;
    if (answer !== 'expired') run.approvals.set(node.id, answer.by);
    if (answer === 'expired') return end(run, node, `nobody answered at ${node.id} in time`, 'aborted');
    const who = answer.by.map((person) => person.by).join(', ');
    if (answer.choice === 'planned') switchMode(run, 'planned', who);
    else if (answer.choice !== 'approve')
      return end(run, node, `refused at ${node.id} by ${who}${answer.reason ? `: ${answer.reason}` : ''}`, 'backed out');
    else {
      const worse = node.limit === undefined ? null : worsened(run, shown, await (since ?? lookAround(run)), node.limit);
      if (worse === null) break;
      run.journal.write({ what: 'expired', question: node.id, attempt: answer.attempt, note: `asked again: ${worse}` });
    }
  }
  track.state = 'done';
  track.endedAt = now();
}

/**
 * Whether those who approved the parent's gate answered this one too: not where it shows a loss that they did not see, needs more
 * people, or people of other roles, or where the plan is not the one that the parent had.
 */
function covered(run: Run, node: Gate, shown: Facts): boolean {
  const { approved, plan } = run.input.given ?? {};
  if (!approved || plan?.digest !== run.pinned.digest) return false;
  const { people } = run.pinned;
  const entitled = approved.by.filter(({ by }) => allowed(by, { people, approvers: node.approvers }));
  if (run.mode === 'unplanned' && (serves(shown) || !bearable(run, shown))) return false;
  const { title, facts, approvers, count } = question(run, node, shown);
  if (entitled.length < count) return false;
  const attempt = run.attempt(node.id);
  run.journal.write({ what: 'asked', question: node.id, attempt, kind: 'gate', title, facts, approvers, count, deadline: null });
  const decided = { what: 'decided', question: node.id, attempt, choice: 'approve', counts: true, reason: '' } as const;
  for (const { by, how } of entitled) run.journal.write({ ...decided, by, how, note: `approved by the gate ${approved.gate}` });
  run.journal.write({ what: 'answered', question: node.id, attempt, choice: 'approve', by: entitled.map(({ by }) => by) });
  run.approvals.set(node.id, entitled);
  return true;
}

/** What was done before the gate is undone, unless there is no way back any more. A rehearsal notes it, and goes on with what does not need it. */
function end(run: Run, node: Gate, why: string, verdict: 'aborted' | 'backed out'): void {
  if (policyOf(run.kind).onFailure === 'note') {
    failedAt(run, node, verdict === 'aborted' ? 'nobody-answered' : 'refused', why);
    return notReached(run, node);
  }
  run.halt({ how: run.committed ? 'abort' : 'back out', why, verdict });
  throw new Stopped();
}

function question(run: Run, node: Gate, shown: Facts): Question {
  const plan = run.pinned;
  // Nobody may take the one for the other.
  const rehearsal = run.live ? '' : 'Rehearsal: ';
  const subject = `${node.id} of ${plan.system.name} to ${plan.target.site}`;
  const { mode } = run;
  const unplanned = mode === 'unplanned';
  const title = `${rehearsal}${written(run, node.title)}`;
  const doubts = unplanned && run.live ? doubtsAbout(run, shown) : [];
  const choices: Question['choices'][number][] = [
    {
      choice: 'approve',
      label: `${rehearsal}Approve ${subject}${unplanned && run.live ? `, ${lossOf(shown)}` : ''}`,
      description: title,
      reason: false,
    },
    { choice: 'refuse', label: `${rehearsal}Refuse ${subject}`, description: 'Do not go on; what was done is undone.', reason: false },
  ];
  if (unplanned && run.live && !run.committed && serves(shown)) {
    choices.push({
      choice: 'planned',
      label: `Switch ${subject} to planned`,
      description: 'The source still takes writes: shut it down cleanly, and lose nothing.',
      reason: false,
    });
  }
  return {
    id: node.id,
    kind: 'gate',
    title,
    facts: [...factsOf(run, node, shown), ...doubts],
    choices,
    approvers: node.approvers,
    count: node.count + (doubts.length > 0 ? 1 : 0),
    expires: node.expires,
    onExpiry: node.onExpiry,
    // What was approved for one mode says nothing of the other.
    moot: () => run.mode !== mode,
  };
}

function factsOf(run: Run, node: Gate, shown: Facts): Fact[] {
  const facts: Fact[] = run.mode === null ? [] : [{ label: 'mode', value: run.mode }];
  if (run.kind === 'failover' && run.mode === 'unplanned')
    facts.push({
      label: 'cause',
      value: run.input.cause ?? 'not stated. What corruption damaged is damaged at the other site too: then refuse, and restore',
    });
  if (run.forecast !== null && run.forecast.mode === (run.mode ?? 'planned'))
    facts.push({ label: 'expected time', value: `${run.forecast.text}. What people are waited for comes on top` });
  for (const item of node.show) {
    const path = (item.value as { $ref?: readonly string[] }).$ref?.join('.');
    if (path === 'run.viewpoints')
      for (const viewpoint of shown.viewpoints) facts.push({ label: viewpoint.name, value: `source ${viewpoint.sees}. ${viewpoint.text}` });
    else facts.push({ label: item.label, value: written(run, item.value) });
  }
  for (const entry of run.journal.entries) {
    if (entry.what === 'preflight' && !entry.ok) facts.push({ label: `preflight of ${entry.step}`, value: entry.seen.join(' ') });
  }
  return facts;
}

function written(run: Run, value: Gate['title']): string {
  try {
    return worded(resolve(value, lookup(run)));
  } catch {
    return 'not known';
  }
}

/** Few enough words for the name of a choice. */
function lossOf({ atRisk }: Facts): string {
  if (atRisk === null || (atRisk.bytes === null && atRisk.milliseconds === null)) return 'loss unknown';
  if (atRisk.bytes === null)
    return atRisk.milliseconds === 0 ? 'nothing known to be lost' : `about ${Math.ceil(atRisk.milliseconds! / 1000)} s lost`;
  if (atRisk.bytes <= 0) return 'nothing known to be lost';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(atRisk.bytes) / 3));
  return `about ${Math.round(atRisk.bytes / 1000 ** power)} ${units[power]} lost`;
}
