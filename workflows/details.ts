import type { Run } from './run.ts';
import type { OpenQuestion } from './wire.ts';

/** The text travels in a query string of the Temporal UI: longer ones are not shown. */
const limit = 4_000;
/** For the facts of all open questions together: what is asked, of whom and how to answer must fit beside them. */
const factsLimit = 2_000;
const factLimit = 320;

/**
 * What the tab User Metadata of the Temporal UI shows of the run, as Markdown: what is asked, the facts, of whom and
 * until when, how to decide; then where the run stands.
 */
export function details(run: Run): string {
  const about = run.questions.length > 0 ? subject(run) : `## ${subject(run)}`;
  const parts = [...run.questions.map((question) => asked(run, question)), about, progress(run), refusals(run)];
  const text = parts.filter((part) => part !== '').join('\n\n');
  return text.length <= limit ? text : `${text.slice(0, limit)}\n\n… (cut; \`lifeboat status\` shows all)`;
}

function subject(run: Run): string {
  const plan = run.plan;
  const what = plan
    ? `${plan.kind} of ${plan.system.name}, ${plan.source.site} → ${plan.target.site}`
    : `${run.kind} of ${run.input.system}`;
  const pinned = plan
    ? `. Runbook ${plan.runbook}, plan \`${plan.digest.slice(0, 12)}\`${plan.revision ? ` at revision \`${plan.revision}\`` : ''}`
    : '';
  return `${what}${run.mode ? `, ${run.mode}` : ''}: ${run.state}${pinned}`;
}

function asked(run: Run, question: OpenQuestion): string {
  const lines = [
    `## ${question.title}`,
    '',
    ...factsOf(question, factsLimit / run.questions.length),
    '',
    `${who(question)}; ${when(question)}`,
  ];
  const reasons = question.choices.some((choice) => choice.reason);
  lines.push(
    '',
    `**How**: *More Actions*, *Send a Signal*, pick a name, *Submit*. ${reasons ? 'A reason is JSON text in quotes; nothing else needs input.' : 'No input is needed.'}`,
    '',
  );
  for (const choice of question.choices) lines.push(`- **${choice.signal}**: ${choice.description}`);
  lines.push('', 'Or in a terminal:', '');
  const flag = run.questions.length > 1 ? ` --step ${question.id}` : '';
  for (const { choice, reason } of question.choices)
    lines.push(`    lifeboat ${choice} {workflowId}${flag}${reason ? ' --reason "…"' : ''}`);
  return lines.join('\n');
}

/** As many as there is room for. */
function factsOf(question: OpenQuestion, room: number): string[] {
  const lines: string[] = [];
  let left = room;
  for (const { label, value } of question.facts) {
    const short = clock(value, question).replace(/^source (dead|alive|unknown)\./u, 'source **$1**.');
    const line = `- **${label}**: ${short.length > factLimit ? `${short.slice(0, factLimit)} …` : short}`;
    left -= line.length;
    if (left < 0) return [...lines, `- … and ${question.facts.length - lines.length} more: \`lifeboat status\` shows all`];
    lines.push(line);
  }
  return lines;
}

function who({ approvers, count, have }: OpenQuestion): string {
  const role = approvers.length > 0 ? ` of ${approvers.join(' or ')}` : '';
  const people = count === 1 ? 'one person' : `${count} different people`;
  return `**Who**: ${people}${role}${have.length > 0 ? ` (so far ${have.join(', ')})` : ''}`;
}

function when(question: OpenQuestion): string {
  const { askedAt, deadline } = question;
  const until = deadline === null ? 'no deadline' : `**until ${clock(deadline, question)}**`;
  return `${until}, asked ${askedAt.slice(0, 10)} ${clock(askedAt, question)} UTC`;
}

/** Times of the day on which it was asked lose their date, and all of them their fractions. */
function clock(text: string, { askedAt }: OpenQuestion): string {
  const day = askedAt.slice(0, 10);
  return text.replaceAll(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/gu, (_, date: string, time: string) =>
    date === day ? time : `${date} ${time}`,
  );
}

function progress(run: Run): string {
  if (run.tracks.size === 0) return '';
  const counts = new Map<string, number>();
  const active: string[] = [];
  for (const track of run.tracks.values()) {
    const state = track.state === 'waiting' && run.leftOut(track.node) ? 'left out' : track.state;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (state === 'running') active.push(`${track.node.id} (${track.uses} at ${track.site})`);
  }
  const serves =
    run.plan?.whole !== undefined
      ? ''
      : run.serving
        ? `${run.serving} serves ${run.input.system} now.`
        : `No site is known to serve ${run.input.system} now.`;
  const tally = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return `**Steps**: ${tally}${active.length > 0 ? `. Running: ${active.join(', ')}` : ''}. ${serves}`;
}

/** The last decisions that did not count, so that who sent one sees why. */
function refusals(run: Run): string {
  const refused = run.journal.entries.filter((entry) => entry.what === 'decided' && !entry.counts).slice(-3);
  if (refused.length === 0) return '';
  const lines = refused.map((entry) => (entry.what === 'decided' ? `- ${entry.at} ${entry.choice} by ${entry.by}: ${entry.note}` : ''));
  return `**Decisions that did not count**\n${lines.join('\n')}`;
}
