import type { RunRecord } from '../schema/run.ts';
import { counted, duration } from '../words.ts';
import { html, type Html } from './html.ts';
import { leftOver } from './rehearsal.ts';

/** The four answers that a reader looks for first. */
export function tiles(record: RunRecord): Html {
  const { rehearsal } = record;
  if (rehearsal)
    return html`<section class="tiles" aria-label="In short">
      ${tile('Rehearsed in', rehearsal.time === null ? 'nothing done' : duration(rehearsal.time), promise(record, 'recovery time'))}
      ${tried(record, rehearsal)} ${left(rehearsal)} ${people(record)}
    </section>`;
  return html`<section class="tiles" aria-label="In short">
    ${recoveryTime(record)} ${recoveryPoint(record)} ${objectiveTile(record, 'outage')} ${machine(record)} ${expected(record)}
    ${people(record)}
  </section>`;
}

function tried({ steps, notProven, expected: told }: RunRecord, { proved }: NonNullable<RunRecord['rehearsal']>): Html {
  const failed = steps.filter(({ outcome }) => outcome === 'failed').length;
  const detail = html`<small class="${failed === 0 ? 'met' : 'miss'}"
      >${failed === 0 ? '✓ all did what they should' : `✗ ${failed} failed`}</small
    >
    <small>${notProven.length} not proven</small>
    ${told === null || told.took === null ? null : html`<small>took ${duration(told.took)} in all</small>${againstExpected(told)}`}`;
  return tile('Tried', counted(proved.length + failed, 'step'), detail);
}

function left(rehearsal: NonNullable<RunRecord['rehearsal']>): Html {
  const [figure, detail, good] = leftOver(rehearsal);
  return tile('Left over', figure, html`<small class="${good ? 'met' : 'miss'}">${detail}</small>`);
}

function recoveryTime(record: RunRecord): Html {
  const { total, atLeast } = record.recovery;
  const figure = total !== null ? duration(total) : atLeast !== null ? `> ${duration(atLeast)}` : 'not measured';
  return tile('Recovery time', figure, promise(record, 'recovery time'));
}

function recoveryPoint(record: RunRecord): Html {
  const one = record.objectives.find(({ name }) => name === 'recovery point');
  const { point } = record;
  if (!point || !one || one.measured === null) return tile('Data lost', 'not measured', promise(record, 'recovery point'));
  const figure = point.lost === 0 ? 'none' : duration(point.span);
  const markers =
    point.lost === 0
      ? `all ${counted(point.acknowledged, 'marker')} kept`
      : `${counted(point.lost, 'marker')} of ${counted(point.acknowledged, 'marker')}`;
  return tile('Data lost', figure, html`${promise(record, 'recovery point')}<small>${markers}</small>`);
}

function objectiveTile(record: RunRecord, name: 'outage'): Html | null {
  const one = record.objectives.find((objective) => objective.name === name);
  return one ? tile('Outage', one.measured === null ? 'not measured' : duration(one.measured), promise(record, name)) : null;
}

function machine({ machine: { milliseconds, note }, waits }: RunRecord): Html {
  const people = waits > 0 ? `${duration(waits)} more waiting for people` : 'nobody was waited for';
  return tile(
    "Machine's part",
    milliseconds === null ? 'not measured' : duration(milliseconds),
    html`<small>${milliseconds === null ? note : people}</small>`,
  );
}

/** How long the steps took against what earlier runs let expect. */
function expected(record: RunRecord): Html | null {
  const told = record.expected;
  return told === null || told.took === null ? null : tile('Steps took', duration(told.took), againstExpected(told));
}

function againstExpected({ runs, from, until, result }: NonNullable<RunRecord['expected']>): Html {
  if (result === 'not compared') return html`<small>nothing like it was measured before</small>`;
  const words = { 'as expected': '✓ as expected', quicker: '✓ quicker than expected', slower: '✗ slower than expected' }[result];
  return html`<small class="${result === 'slower' ? 'miss' : 'met'}">${words}</small>
    <small>${duration(from)} to ${duration(until)}, from ${counted(runs, 'run')}</small>`;
}

function people({ decisions, separationOfDuties, rehearsal }: RunRecord): Html {
  const counting = decisions.filter(({ counts }) => counts);
  const names = [...new Set(counting.map(({ by, how }) => by || how))];
  const figure = names.length === 0 ? 'nobody' : names.length === 1 ? (names[0] ?? '') : counted(names.length, 'person', 'people');
  const how = [...new Set(counting.map((one) => one.how))].join(', ');
  const one = names.length === 0 && rehearsal?.gates === 'stood in for' ? 'gates were stood in for' : how === figure ? '' : how;
  const detail = html`<small>${names.length > 1 ? names.join(', ') : one}</small>`;
  const duties = separationOfDuties.enforced ? null : html`<small class="miss">separation of duties not enforced</small>`;
  return tile('Decided by', figure, html`${detail}${duties}`, 'name');
}

function promise(record: RunRecord, name: string): Html {
  const one = record.objectives.find((objective) => objective.name === name);
  if (!one || one.promised === null) return html`<small>no objective</small>`;
  const sign = { met: '✓ met', missed: '✗ missed', 'not measured': 'not measured', 'no objective': '' }[one.result];
  return html`<small class="${one.result === 'met' ? 'met' : 'miss'}">${sign}<span> · objective ${duration(one.promised)}</span></small>`;
}

function tile(label: string, figure: string, detail: Html, kind = ''): Html {
  return html`<div class="tile">
    <h2>${label}</h2>
    <p class="figure ${kind}${figure.length > 11 ? ' long' : ''}">${figure}</p>
    ${detail}
  </div>`;
}
