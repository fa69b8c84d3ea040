import type { RunRecord } from '../schema/run.ts';
import { clockTime, duration } from '../words.ts';
import { html, type Html } from './html.ts';

export function decisions({ decisions, questions, separationOfDuties }: RunRecord): Html {
  const gates = questions.map(
    (one) =>
      html`<details class="asked">
        <summary>
          <b>${one.title}</b> · asked ${clockTime(one.askedAt).slice(0, 8)}, open ${duration(one.waited)},
          ${one.answer ? `${one.answer} by ${one.by.join(', ')}` : 'not answered'}
        </summary>
        <dl class="pairs">
          <dt>Could answer</dt>
          <dd>${one.approvers.join(', ') || 'anybody'} (${one.count} needed)</dd>
          ${one.facts.map(
            ({ label, value }) =>
              html`<dt>${label}</dt>
                <dd>${value}</dd>`,
          )}${one.notes.map(
            (note) =>
              html`<dt>Note</dt>
                <dd>${note}</dd>`,
          )}
        </dl>
      </details> `,
  );
  const rows = decisions.map(
    (one) =>
      html`<tr class="${one.counts ? '' : 'void'}">
        <td class="time">${clockTime(one.at).slice(0, 8)}</td>
        <td>${one.by || 'somebody'}<small>${one.how}</small></td>
        <td>${one.choice}<small>${one.question || 'no question'}${one.attempt > 1 && ` #${one.attempt}`}</small></td>
        <td>${one.counts ? html`<b class="met">counted</b>` : html`<b class="miss">did not count</b>`}<small>${one.note}</small></td>
        <td>${one.reason}</td>
        <td class="number">${one.waited === null ? '' : duration(one.waited)}</td>
      </tr> `,
  );
  const table = html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>UTC</th>
          <th>Person</th>
          <th>Choice</th>
          <th>Counted?</th>
          <th>Reason given</th>
          <th class="number">After</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
  return html`<section>
    <h2>Who decided</h2>
    ${!separationOfDuties.enforced && html`<p class="banner">Separation of duties not enforced. ${separationOfDuties.why}</p>`}
    ${rows.length > 0 ? table : html`<p class="none">No decision arrived.</p>`}
    ${
      gates.length > 0 &&
      html`<h3>What they were shown</h3>
        ${gates}`
    }
  </section>`;
}

export function interventions({ interventions }: RunRecord): Html | null {
  if (interventions.length === 0) return null;
  const rows = interventions.map(
    (one) =>
      html`<tr>
        <td class="time">${clockTime(one.at).slice(0, 8)}</td>
        <td>${one.step}</td>
        <td>${one.problem}</td>
        <td>${one.choice ?? 'not answered'}<small>${one.by.join(', ')}</small></td>
        <td>${one.reason}</td>
        <td class="number">${duration(one.waited)}</td>
      </tr> `,
  );
  return html`<section>
    <h2>Where people stepped in</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>UTC</th>
            <th>Step</th>
            <th>Problem</th>
            <th>Chosen</th>
            <th>Reason given</th>
            <th class="number">Waited</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
