import type { Provable, SystemState } from '../wire.ts';
import { dueAt, things } from './alarms.ts';

/** A few words for lists: the search attribute LifeboatState of the system's own workflow. Pure. */
export function wordOf({ stopped, alarms = [], unprotectedSince, active }: SystemState): string {
  if (stopped) return 'stopped';
  if (alarms.length > 0) return `not proven: ${alarms.map(({ what }) => what).join(', ')}`;
  if (unprotectedSince !== null) return 'unprotected';
  return active === null ? 'unknown' : 'protected';
}

/** The page travels in the text of a query's address. Characters. */
const most = 4_000;
const named = 5;

/** What the Temporal UI shows of the system, as Markdown: who serves it, what must be done, what is proven and due. Pure. */
export function systemDetails(state: SystemState): string {
  const lines = [
    `## ${state.system}: ${wordOf(state)}`,
    servedBy(state),
    ...urgent(state).map((line) => `- ${clip(line, 400)}`),
    provenTable(state),
    '**To keep every new effect from beginning**: *More Actions*, *Send a Signal*, `Stop new effects`, the reason as JSON text in quotes.',
    openFindings(state),
  ];
  return clip(lines.filter((line) => line !== '').join('\n\n'), most);
}

function servedBy({ active, epoch, holder }: SystemState): string {
  const held = holder
    ? ` Held by [${clip(holder.workflowId, 120)}](/namespaces/{namespace}/workflows/${holder.workflowId}) since ${holder.since}.`
    : '';
  return `Served by ${active ?? 'no site that is known'}; epoch ${epoch}.${held}`;
}

function urgent({ stopped, rest, alarms = [], unprotectedSince, fences, ready, rebuilt }: SystemState): readonly string[] {
  return [
    ...(stopped ? [`**Stopped** by ${stopped.by} at ${stopped.at}: ${stopped.reason}. *Send a Signal*, \`Allow effects again\`.`] : []),
    ...alarms.map(({ text }) => `**Not proven**: ${text}`),
    ...(unprotectedSince === null ? [] : [`**Unprotected** since ${unprotectedSince}: nothing follows the site that serves.`]),
    ...(ready?.is === false ? [`**Not ready** at ${ready.at}: ${ready.because.slice(0, named).join('; ')}`] : []),
    ...fences.slice(0, named).map(({ host, by, at }) => `**A fence stands** against ${host} (${by}, ${at}).`),
    ...(rest ? [`**At rest** until ${rest.until}: ${rest.why}. *Send a Signal*, \`Lift the pause\`, where it has to be moved again.`] : []),
    ...(rebuilt ? [`What is known was lost, and made again at ${rebuilt.at} from: ${rebuilt.from.join('; ')}.`] : []),
  ];
}

function provenTable(state: SystemState): string {
  const { proven = {}, promised = {} } = state;
  const rows = (Object.keys(things) as Provable[]).flatMap((what) => {
    const last = proven[what];
    if (last === undefined && promised[what] === undefined) return [];
    const due = dueAt(state, what) ?? 'not promised';
    return [`| ${things[what]} | ${last === undefined ? 'never' : `${last.at} ${cell(last.note)}`} | ${due} |`];
  });
  return rows.length === 0 ? '' : ['| what | last proven | due |', '|---|---|---|', ...rows].join('\n');
}

function openFindings({ system, findings = [] }: SystemState): string {
  const weights = ['must', 'should', 'note'];
  const open = findings
    .filter(({ state }) => state === 'open')
    .toSorted((one, other) => weights.indexOf(one.weight) - weights.indexOf(other.weight));
  if (open.length === 0) return '';
  const lines = open
    .slice(0, named)
    .map(({ weight, id, owner, text }) => `- ${weight}: \`${id}\` (${owner ?? 'nobody has it'}): ${clip(text, 150)}`);
  const count = open.length === 1 ? '1 finding is' : `${open.length} findings are`;
  return [`**${count} open**: \`lifeboat findings ${system}\``, ...lines].join('\n');
}

/** In a table. */
const cell = (text: string): string => (text === '' ? '' : `(${text.replaceAll('|', '/')})`);
const clip = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
