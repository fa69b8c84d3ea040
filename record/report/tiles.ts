import type { RunRecord } from '../schema/run.ts';
import { counted, duration } from '../words.ts';
import { html, type Html } from './html.ts';

/** The four answers that a reader looks for first. */
export function tiles(record: RunRecord): Html {
  return html`<section class="tiles" aria-label="In short">
    ${recoveryTime(record)} ${recoveryPoint(record)} ${objectiveTile(record, 'outage')} ${machine(record)} ${people(record)}
  </section>`;
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

function people({ decisions, separationOfDuties }: RunRecord): Html {
  const counting = decisions.filter(({ counts }) => counts);
  const names = [...new Set(counting.map(({ by, how }) => by || how))];
  const figure = names.length === 0 ? 'nobody' : names.length === 1 ? (names[0] ?? '') : counted(names.length, 'person', 'people');
  const how = [...new Set(counting.map((one) => one.how))].join(', ');
  const detail = names.length > 1 ? html`<small>${names.join(', ')}</small>` : html`<small>${how === figure ? '' : how}</small>`;
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
