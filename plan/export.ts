import type { StepType } from '../activities/step.ts';
import { estimate, inOrder } from './estimate.ts';
import { commandLines } from './export-commands.ts';
import type { Action, Branch, Gate, HostFacts, Late, Mode, Plan, PlanNode, Reference, Step } from './plan.ts';
import { inWords } from './words.ts';

type Types = ReadonlyMap<string, StepType>;

/**
 * A page in Markdown that people follow where there is no Temporal: what to do, in which order, on what,
 * what proves it, who must approve, and boxes to tick. `types` adds what each step type does, in a sentence.
 */
export function checklist(plan: Plan, mode: Mode, types: readonly StepType[] = []): string {
  const known = new Map(types.map((type) => [type.name, type]));
  const nodes = inOrder(plan, mode);
  const here = new Set(nodes.map(({ id }) => id));
  const { expected, path } = estimate(plan, mode);
  const lines = [
    `# ${text(plan.runbook)}: ${mode} ${plan.kind} of ${text(plan.system.name)}`,
    '',
    text(plan.description),
    '',
    `From **${text(plan.source.site)}** to **${text(plan.target.site)}**. The steps take about ${inWords(expected)} without people's waits; the longest path is ${path.map(text).join(' → ')}.`,
    ...objectives(plan),
    '',
    `Plan \`${plan.digest.slice(0, 12)}\`${plan.revision === undefined ? '' : `, runbooks at \`${text(plan.revision)}\``}. A step may start when all that it names under “after” is ticked.`,
    '',
    '| | |',
    '|---|---|',
    '| Started at | |',
    '| Led by | |',
    ...Object.entries(plan.parameters).map(([name, value]) => `| ${text(name)} | ${late(value)} |`),
    '',
    '## Steps',
    '',
    ...nodes.flatMap((node, index) => [
      ...(node.kind === 'gate' ? gate(node, plan, here) : node.kind === 'branch' ? branch(node, here) : step(node, plan, known, here)).map(
        (line, row) => (row === 0 ? `${index + 1}. ${line}` : `   ${line}`),
      ),
      '',
    ]),
    '## Hosts',
    '',
    '| host | site | address | ports | power |',
    '|---|---|---|---|---|',
    ...Object.values(plan.hosts).map(hostRow),
    '',
    '## People',
    '',
    ...Object.entries(plan.people).map(([role, names]) => `- **${text(role)}**: ${names.map(text).join(', ')}`),
    '',
    '## When Temporal is back',
    '',
    'Keep this page: it is the record of what was done. Lifeboat asks the world which site serves before it plans anything; a host that was cut off is let back by `reprotect` alone.',
    '',
    ...(plan.warnings.length === 0 ? [] : ['## Known beforehand', '', ...plan.warnings.map((warning) => `- ${text(warning)}`), '']),
  ];
  return lines.join('\n');
}

function objectives({ objectives: { recoveryTime, recoveryPoint } }: Plan): string[] {
  const parts = [
    ...(recoveryTime === undefined ? [] : [`served again within ${inWords(recoveryTime)}`]),
    ...(recoveryPoint === undefined ? [] : [`at most ${inWords(recoveryPoint)} of data lost`]),
  ];
  return parts.length === 0 ? [] : ['', `Promised: ${parts.join(', ')}.`];
}

function gate(node: Gate, plan: Plan, here: ReadonlySet<string>): string[] {
  const names = [...new Set(node.approvers.flatMap((role) => plan.people[role] ?? []))];
  return [
    `[ ] **${text(node.id)}** — decide: ${late(node.title)}`,
    ...after(node, here),
    `- Approval of ${people(node.count)} of ${node.approvers.map(text).join(', ')} (${names.map(text).join(', ')}); not of the one who started this.`,
    ...node.show.map(({ label, value }) => `- Look at: ${text(label)}${isLate(value) ? '' : `: ${late(value)}`} ______`),
    ...(node.expires === undefined ? [] : [`- Without an answer after ${inWords(node.expires)}: ${expiry(node)}.`]),
    ...Array.from({ length: node.count }, () => '- Approved by ______ at ______'),
  ];
}

function branch(node: Branch, here: ReadonlySet<string>): string[] {
  const runs = node.of === 'runs';
  return [
    `[ ] **${text(node.id)}** — ${text(node.summary)}`,
    ...after(node, here),
    ...node.children.map((child) =>
      runs
        ? `- [ ] ${text(child.runbook)} of ${text(child.system)}, from ${text(child.source)} to ${text(child.target)}: print its own checklist.`
        : `- [ ] Part ${text(child.name)}: ${child.steps} items.`,
    ),
    ...(node.whenItFails === 'go-on' ? ['- What needs it may start although one of these fails.'] : []),
    '- Done by ______ at ______',
  ];
}

function expiry({ onExpiry }: Gate): string {
  const end = onExpiry.then === 'abort' ? 'stop here' : 'go on';
  return 'escalate' in onExpiry ? `ask ${text(onExpiry.escalate)}, and after another ${inWords(onExpiry.expires)} ${end}` : end;
}

function step(node: Step, plan: Plan, types: Types, here: ReadonlySet<string>): string[] {
  const proofs = node.proofs.filter((id) => here.has(id));
  return [
    `[ ] **${text(node.id)}** — ${text(node.summary)}`,
    ...after(node, here),
    ...(node.if === undefined ? [] : [`- Only where ${late(node.if)} is true.`]),
    ...way(node.action, plan, types),
    ...node.else.flatMap((other) => [`- Where that fails: ${text(other.uses)}`, ...way(other, plan, types).map((line) => `  ${line}`)]),
    ...(node.action.commits ? ['- **No way back from here.** Make sure that all before it is ticked.'] : []),
    ...(proofs.length === 0 ? [] : [`- Only with the proof of: ${proofs.map(text).join(' or ')}.`]),
    '- Done by ______ at ______, seen: ______',
  ];
}

function way(action: Action, plan: Plan, types: Types): string[] {
  const type = types.get(action.uses);
  return [
    ...(type === undefined ? [] : [`- What: ${text(type.summary)}`]),
    ...Object.entries(action.with).map(
      ([field, value]) =>
        `- ${text(field)}: ${typeof value === 'string' && value in action.hosts ? host(action.hosts[value]!, plan) : code(value)}`,
    ),
    `- From: ${text(action.at)}. Usually tried for ${inWords(action.timeout)} at the most.`,
    ...(action.asks === undefined
      ? []
      : [`- ${people(action.asks.people)} of ${action.asks.approvers.map(text).join(', ')}: ${late(action.asks.question)}`]),
    ...(type === undefined ? [] : commandLines(action, plan, type)),
    ...action.provides.map((kind) => `- Must prove: ${proven[kind]}`),
  ];
}

const proven = {
  fence: 'the old primary is cut off, seen in two independent ways, and cannot write when its power comes back.',
  shutdown: 'the old primary was shut down cleanly and the target has everything it wrote.',
};

function after({ needs }: PlanNode, here: ReadonlySet<string>): string[] {
  const before = needs.filter((id) => here.has(id));
  return before.length === 0 ? [] : [`- After: ${before.map(text).join(', ')}`];
}

function host(facts: HostFacts, plan: Plan): string {
  const view = facts.views[plan.target.site] ?? facts.views['default'];
  return `${text(facts.name)} (${text(facts.site)}${view === undefined ? '' : `, ${text(view.address)}`})`;
}

function hostRow(facts: HostFacts): string {
  const { address = '', ports = {} } = facts.views['default'] ?? {};
  const forwards = Object.entries(ports).map(([port, reached]) => `${port} → ${reached}`);
  const power = facts.power === undefined ? '' : `${facts.power.driver} ${facts.power.address}`;
  return `| ${[facts.name, facts.site, address, forwards.join(', '), power].map(text).join(' | ')} |`;
}

function people(count: number): string {
  return count === 1 ? 'one person' : `${count} people`;
}

function late(value: Late): string {
  if (typeof value !== 'object' || value === null) return text(String(value));
  if ('$ref' in value) return `‹${(value as Reference).$ref.map(text).join('.')}›`;
  if ('$text' in value) return (value as { $text: readonly (string | Reference)[] }).$text.map(late).join('');
  return `\`${JSON.stringify(value).replaceAll('`', "'")}\``;
}

/** Text that may be a command or a query is copied as it stands. */
function code(value: Late): string {
  return typeof value === 'string' && /[^A-Za-z0-9 .,:-]/.test(value)
    ? `\`${value.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\``
    : late(value);
}

function isLate(value: Late): boolean {
  return typeof value === 'object' && value !== null && ('$ref' in value || '$text' in value);
}

/** What stands in a plan must not become markup. */
function text(value: string): string {
  return value.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_<>[\]|#]/g, (mark) => `\\${mark}`);
}
