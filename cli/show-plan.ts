import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { types } from '../activities/index.ts';
import { modesOf } from '../plan/analysis.ts';
import { compile, type CompileInput } from '../plan/compile.ts';
import { estimate, inOrder, type Estimate } from '../plan/estimate.ts';
import { inFull, inShort } from '../plan/estimate/say.ts';
import { checklist } from '../plan/export.ts';
import type { Branch, Mode, Plan, PlanNode, RehearsalFacts } from '../plan/plan.ts';
import { PlanError } from '../plan/problem.ts';
import { rehearse } from '../plan/rehearsal/rehearse.ts';
import { revisionOf } from '../plan/revision.ts';
import { duration } from '../record/words.ts';
import type { Arguments } from './command.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { hints } from './hints.ts';
import { lateText } from './late.ts';
import { parameters } from './look-up.ts';
import { ofSite } from './plan-site.ts';
import { note, paint, plain, say, sayJson, table } from './print.ts';
import { foretold, type Forecasts } from './foretold.ts';
import { findSource } from './source.ts';
import { wantedRunbook } from './wanted-runbook.ts';

interface Wanted {
  readonly folder: string;
  /** System or runbook; of a run of a whole site, the site. */
  readonly name: string;
  /** Of a run of a whole site: its kind. */
  readonly whole?: string;
  readonly mode: Mode | undefined;
  /** The site that serves; undefined: ask. */
  readonly from: string | undefined;
  readonly rehearsal: boolean;
  /** Where the checklist goes. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/** Compiles a runbook and prints what a run of it would do; writes the checklist to `file`. Returns 0. */
export async function showPlan(args: Arguments, wanted: Wanted): Promise<number> {
  const chosen =
    wanted.whole === undefined ? await ofRunbook(args, wanted) : await ofSite(wanted.folder, wanted.name, wanted.whole, wanted.from);
  const { input, evidence } = chosen;
  const { runbook } = input;
  const modes = modesOf(runbook.data.kind).filter((mode) => wanted.mode === undefined || mode === wanted.mode);
  if (modes.length === 0) throw usage(`A ${runbook.data.kind} is never ${wanted.mode}.`, 'Leave the mode out.');
  const revision = await revisionOf(wanted.folder);
  const make = wanted.rehearsal ? (given: CompileInput): Plan => rehearse(given).plan : compile;
  const plan = compiled({ ...input, ...(revision === undefined ? {} : { revision }) }, make);
  const estimates = Object.fromEntries(modes.map((mode) => [mode, estimate(plan, mode)]));
  const forecasts = await foretold(plan, modes);
  if (wanted.file !== undefined) await writeChecklist(plan, modes, resolve(wanted.file));
  if (wanted.json) sayJson({ plan, estimates, forecasts, evidence });
  else print(plan, modes, estimates, forecasts, evidence);
  return exit.done;
}

async function ofRunbook(args: Arguments, wanted: Wanted): Promise<{ input: CompileInput; evidence: readonly string[] }> {
  const { runbook, inventory, runbooks } = await wantedRunbook(args, wanted);
  const { source, target, evidence } = await findSource(inventory, runbook, wanted.from);
  return { input: { runbook, runbooks, inventory, types, source, target, ...parameters(args, runbook.data) }, evidence };
}

function compiled(input: CompileInput, make: (input: CompileInput) => Plan): Plan {
  try {
    return make(input);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new Failure(
      exit.otherwise,
      `${input.runbook.data.runbook} does not compile.\n${error.message}`,
      'Mend the files; lifeboat check tells the same and more.',
    );
  }
}

async function writeChecklist(plan: Plan, modes: readonly Mode[], file: string): Promise<void> {
  await writeFile(file, modes.map((mode) => checklist(plan, mode, types)).join('\n\n---\n\n')).catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be written (${error.code ?? error.message}).`, 'Name a file in a folder that is there.');
  });
  note(`Checklist: ${file}`);
}

function print(
  plan: Plan,
  modes: readonly Mode[],
  estimates: { readonly [mode: string]: Estimate },
  forecasts: Forecasts | null,
  evidence: readonly string[],
): void {
  say(
    paint(
      'bold',
      `${plan.rehearsal === undefined ? '' : 'rehearsal of the '}${plan.kind} of ${plan.whole ?? plan.system.name}: ${plan.source.site} → ${plan.target.site}`,
    ),
  );
  say(`runbook ${plan.runbook}${plan.revision === undefined ? '' : ` at revision ${plan.revision}`}; ${plain(plan.description)}`);
  say(`digest ${plan.digest}`);
  evidence.forEach((line) => say(paint('dim', plain(line))));
  for (const mode of modes) {
    const { path, expected, steps } = estimates[mode] as Estimate;
    const told = forecasts?.[mode];
    const time = told === undefined || told.runs === 0 ? `about ${duration(expected)} by what is usual` : inShort(told, duration);
    say(`\n${paint('bold', mode)}: ${time}; without people's waits; longest path ${path.join(' → ')}`);
    if (told !== undefined) inFull(told, duration).forEach((sentence) => say(`  ${plain(sentence)}`));
    const rows = inOrder(plan, mode).map((node, index) => [
      `  ${index + 1}`,
      node.id,
      what(node),
      where(node),
      steps[node.id] ? duration(steps[node.id] ?? 0) : '',
      after(node, steps),
    ]);
    table(rows).forEach((row) => say(row));
  }
  if (plan.rehearsal !== undefined) sayDifferences(plan.rehearsal);
  if (plan.warnings.length > 0) say();
  plan.warnings.forEach((warning) => say(`${paint('yellow', 'warning')}  ${plain(warning)}`));
  if (plan.kind === 'failover' && plan.rehearsal === undefined)
    say(
      `\nTo run exactly this: ${hints().command} failover ${plan.whole === undefined ? plan.system.name : `--site ${plan.whole}`} ${modes.map((mode) => `--${mode}`).join('|')} --digest ${plan.digest}`,
    );
}

function sayDifferences({ of, differs }: RehearsalFacts): void {
  say(`\n${paint('bold', 'How it differs')} from the live plan ${of.slice(0, 12)}`);
  table(differs.map(({ step, how, text }) => [`  ${step}`, how, plain(text)])).forEach((row) => say(row));
}

function what(node: PlanNode): string {
  if (node.kind === 'step')
    return `${plain(node.summary)}${node.else.length > 0 ? `, else ${node.else.map((other) => other.uses).join(', else ')}` : ''}`;
  if (node.kind === 'branch') return plain(childrenOf(node));
  const people = node.count === 1 ? 'one person' : `${node.count} people`;
  return `gate: ${plain(lateText(node.title))} (${people} of ${node.approvers.join(' or ')}${node.expires === undefined ? '' : `, within ${duration(node.expires)}`})`;
}

const where = (node: PlanNode): string => (node.kind === 'step' ? `at ${node.action.at}` : '');

function childrenOf({ of, children, summary }: Branch): string {
  const [only] = children;
  if (of === 'runs' && children.length === 1 && only) return `run ${only.runbook} of ${only.system}: ${only.source} → ${only.target}`;
  return `${summary}${children.length > 1 ? `, in ${children.length} child runs` : ''}`;
}

/** What it waits for, of the steps that run in the mode. */
function after(node: PlanNode, steps: { readonly [id: string]: number }): string {
  const needs = node.needs.filter((id) => Object.hasOwn(steps, id));
  return needs.length === 0 ? '' : `after ${needs.join(', ')}`;
}
