import type { Run } from './run.ts';
import type { OpenQuestion } from './wire.ts';

/** The text travels in a query string of the Temporal UI: longer ones are not shown. */
const limit = 4_000;

/** What the tab User Metadata of the Temporal UI shows of the run: what is asked first. Markdown. */
export function details(run: Run): string {
  const parts = [heading(run), ...run.questions.map((question) => asked(run, question)), progress(run), refusals(run)];
  const text = parts.filter((part) => part !== '').join('\n\n');
  return text.length <= limit ? text : `${text.slice(0, limit)}\n\n… (cut; \`lifeboat status\` shows all)`;
}

function heading(run: Run): string {
  const plan = run.plan;
  const what = plan ? `${plan.kind} of ${plan.system.name}: ${plan.source.site} → ${plan.target.site}` : `${run.kind} of ${run.input.system}`;
  const pinned = plan ? `\n\nplan \`${plan.digest.slice(0, 12)}\`${plan.revision ? ` at revision \`${plan.revision}\`` : ''}, runbook ${plan.runbook}` : '';
  return `## ${what}${run.mode ? `, ${run.mode}` : ''}: ${run.state}${pinned}`;
}

function asked(run: Run, question: OpenQuestion): string {
  const lines = [`### ${question.title}`];
  for (const fact of question.facts) lines.push(`- **${fact.label}**: ${fact.value}`);
  const who = question.approvers.length > 0 ? ` of ${question.approvers.join(' or ')}` : '';
  const people = question.count === 1 ? 'one person' : `${question.count} different people`;
  lines.push(`- **who**: ${people}${who}${question.have.length > 0 ? `; so far ${question.have.join(', ')}` : ''}`);
  lines.push(`- **asked** ${question.askedAt}${question.deadline ? `, **until** ${question.deadline}` : ', no deadline'}`);
  lines.push('', 'Choose *Send a Signal* and pick one; nothing else is needed, but where a reason is asked for (a text in quotes):', '');
  for (const choice of question.choices) lines.push(`- **${choice.signal}**: ${choice.description}`);
  const flag = run.questions.length > 1 ? ` --step ${question.id}` : '';
  lines.push('', 'or on the command line:', '');
  for (const choice of question.choices) {
    lines.push(`    lifeboat ${choice.choice} {workflowId}${flag}${choice.reason ? ' --reason "…"' : ''}`);
  }
  return lines.join('\n');
}

function progress(run: Run): string {
  if (run.tracks.size === 0) return '';
  const counts = new Map<string, number>();
  for (const track of run.tracks.values()) {
    const state = track.state === 'waiting' && run.leftOut(track.node) ? 'left out' : track.state;
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const active = [...run.tracks.values()].filter((track) => track.state === 'running').map((track) => `${track.node.id} (${track.uses} at ${track.site})`);
  const serves = run.serving ? `${run.serving} serves ${run.input.system} now.` : `No site is known to serve ${run.input.system} now.`;
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
