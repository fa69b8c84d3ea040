import type { RunRecord } from '../schema/run.ts';
import { clockTime, duration } from '../words.ts';
import { html, type Html } from './html.ts';

/** What the run was, so that another can be held against it. */
export function identity(record: RunRecord): Html {
  const { run, point, clock } = record;
  const parameters = Object.entries(record.parameters).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const pairs: [string, string | null][] = [
    ['Runbook', record.runbook && `${record.runbook}${record.description && `: ${record.description}`}`],
    ['Plan digest', record.digest],
    ['Revision', record.revision ?? 'none: the runbooks folder is not under version control'],
    ['From, to', record.source && `${record.source} → ${record.target ?? '?'}`],
    ['Mode', record.modes.map(({ mode, at, by }) => `${mode}, ${clockTime(at).slice(0, 8)}, ${by}`).join('; then ')],
    ['Parameters', parameters.join('; ')],
    ['Serves now', `${record.serving.site ?? (record.serving.known ? 'no site' : 'not known')} (${record.serving.note})`],
    [
      'Markers',
      point &&
        `${point.acknowledged} acknowledged, ${point.kept} kept, ${point.lost} lost, ${point.unexpected} found and never acknowledged`,
    ],
    [
      'Clocks',
      clock &&
        `a marker every ${duration(clock.every)}; probe's clock minus the database server's: ${clock.offset === null ? 'not sampled' : duration(clock.offset)}`,
    ],
    ['Workflow', run.workflowId && `${run.workflowId}, run ${run.runId ?? '?'}`],
    ['Reset from', run.firstRunId !== run.runId ? run.firstRunId : null],
    ['Workers', record.workers.join(', ')],
    ['Warnings', record.warnings.join(' ')],
  ];
  const shown = pairs
    .filter(([, value]) => value)
    .map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd> `,
    );
  // A link from a record is text of others: only a web address becomes one.
  const link =
    run.link && /^https?:\/\//.test(run.link)
      ? html`<dt>Temporal UI</dt>
          <dd><a href="${run.link}">${run.link}</a></dd>`
      : null;
  return html`<section>
    <h2>What was run</h2>
    <dl class="pairs mono">${shown}${link}</dl>
  </section>`;
}

export function preflight({ preflight }: RunRecord): Html | null {
  if (preflight.length === 0) return null;
  const items = preflight.map(
    ({ step, site, ok, seen }) =>
      html`<li class="${ok ? 'ok' : 'trouble'}">
        <b>${step}</b> at ${site}: ${seen.join(' ') || (ok ? 'nothing in the way' : 'failed')}
      </li> `,
  );
  return html`<section>
    <h2>Looked at before anything was changed</h2>
    <ul class="seen checks">
      ${items}
    </ul>
  </section>`;
}
