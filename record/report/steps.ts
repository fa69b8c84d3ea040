import type { AttemptRecord, RunRecord, StepRecord } from '../schema/run.ts';
import { clockTime, duration } from '../words.ts';
import { html, type Html } from './html.ts';

export function steps({ steps }: RunRecord): Html {
  if (steps.length === 0)
    return html`<section>
      <h2>Steps</h2>
      <p class="none">No step was reached.</p>
    </section>`;
  return html`<section>
    <h2>Steps</h2>
    <div class="wide">
      <table class="steps">
        <thead>
          <tr>
            <th>Step</th>
            <th>Outcome</th>
            <th>What was seen</th>
            <th>UTC</th>
            <th class="number">Took</th>
          </tr>
        </thead>
        <tbody>
          ${steps.map(row)}
        </tbody>
      </table>
    </div>
    <p class="none">● on the critical path: the chain that set the length of the run.</p>
  </section>`;
}

function row(step: StepRecord): Html {
  const never = step.from === null;
  const took = step.from && step.to ? duration(Date.parse(step.to) - Date.parse(step.from)) : '';
  return html`<tr class="${never ? 'void' : ''}">
    <td>
      <b>${step.id}</b
      >${step.critical && html` <i class="dot" title="on the critical path">●</i>`}<small>${step.summary || step.uses}</small>${step.site && html`<small>at ${step.site}</small>`}
    </td>
    <td>${outcome(step)}</td>
    <td>${seen(step)}</td>
    <td class="time">${step.from && clockTime(step.from)}</td>
    <td class="number">${took}</td>
  </tr> `;
}

function outcome({ outcome, note, attempts, undoneAt }: StepRecord): Html {
  const kind = outcome.startsWith('done') ? 'met' : outcome === 'left out' || outcome === 'not reached' ? '' : 'miss';
  const tries = attempts.reduce((sum, one) => sum + Math.max(1, one.tries ?? 1), 0);
  return html`<b class="${kind}">${outcome}</b
    >${tries > 1 && html`<small>${tries} tries</small>`}${undoneAt && html`<small>undone ${clockTime(undoneAt)}</small>`}${outcome !== 'failed' && note && html`<small>${note}</small>`}`;
}

function seen({ evidence, proofs, attempts, children = [] }: StepRecord): Html {
  // Their verdicts stand with the runs themselves.
  const told = children.length > 0 ? [] : evidence;
  const shown = [
    ...attempts.flatMap(troubles),
    ...[...new Set([...told, ...proofs.flatMap((proof) => proof.evidence)])].map((line) => html`<li>${line}</li>`),
    ...proofs.map(
      (proof) =>
        html`<li class="proof">
          Proof: ${proof.kind} of ${proof.host}, read ${clockTime(proof.at)}; stays out when power returns: ${proof.latched}
        </li>`,
    ),
  ];
  shown.push(...children.map(child));
  return shown.length > 0
    ? html`<ul class="seen">
        ${shown}
      </ul>`
    : html``;
}

function child({ name, run, startedAt, endedAt, verdict, why, outage }: NonNullable<StepRecord['children']>[number]): Html {
  const well = verdict.startsWith('recovered') || verdict === 'restored' || verdict === 'proven';
  const away = outage === null ? '' : `, not served for ${duration(outage)}`;
  return html`<li>
    <b class="${well ? 'met' : 'miss'}">${name}: ${verdict}</b> after ${duration(Date.parse(endedAt) - Date.parse(startedAt))}${away}. Run
    ${run}${!well && why ? `: ${why}` : ''}
  </li>`;
}

function troubles(one: AttemptRecord): Html[] {
  const who = one.worker ? `, ${one.worker}` : '';
  const failure = one.problem || (one.tries !== null && one.tries > 1 ? (one.lastFailure ?? '') : '');
  return [
    ...(failure ? [html`<li class="trouble">${one.uses} #${one.attempt}${who}: ${failure}</li>`] : []),
    ...(one.closedBy ? [html`<li class="trouble">Its end was reported by ${one.closedBy}, which is no worker of this run.</li>`] : []),
  ];
}
