import { html, type Html } from '../report/html.ts';
import { called, span, type Age, type Standing } from './standing.ts';
import { trends } from './trend.ts';

/** A row for each system: who serves it, what is wrong, how old each proof is beside its promise, how its recovery times went. */
export function systemsTable(all: readonly Standing[]): Html {
  if (all.length === 0) return html`<p class="none">None is known yet.</p>`;
  return html`<div class="wide">
    <table class="systems">
      <thead>
        <tr>
          <th>System</th>
          <th>What is wrong</th>
          <th>Last proven</th>
          <th>Runs and rehearsals</th>
        </tr>
      </thead>
      <tbody>
        ${all.map(row)}
      </tbody>
    </table>
    <ul class="key">
      <li><i class="due"></i>how much of its time a proof has used up</li>
      <li>● live, ○ rehearsal, <span class="miss">red</span>: failed; the oldest on the left</li>
    </ul>
  </div>`;
}

function row({ system, summary, tone, worries, ages }: Standing): Html {
  return html`<tr class="${tone}">
    <td><b>${system}</b>${summary === null ? null : served(summary)}</td>
    <td>
      ${
        worries.length === 0
          ? html`<span class="met">nothing that is known</span>`
          : html`<ul class="seen">
              ${worries.map((one) => html`<li class="${one.tone === 'bad' ? 'trouble' : ''}">${one.text}</li>`)}
            </ul>`
      }
    </td>
    <td>
      <ul class="seen ages">
        ${ages.filter(({ age, promised }) => age !== null || promised !== null).map(ageLine)}
      </ul>
    </td>
    <td>${summary === null ? null : trends(summary)}</td>
  </tr>`;
}

function served({ active, holder, lastRun }: NonNullable<Standing['summary']>): Html {
  return html`<small>${active === null ? 'served by no known site' : `served by ${active}`}</small>
    ${holder === null ? null : html`<small>${holder} is under way</small>`}
    ${lastRun === null ? null : html`<small>last: ${lastRun.run}, <span class="verdict">${lastRun.verdict}</span>, ${lastRun.at.slice(0, 10)}</small>`}`;
}

/** How much of its time a proof has used up, as a gauge that is full when it is due. */
function ageLine({ what, age, promised, late }: Age): Html {
  const used = promised === null ? null : late ? 100 : age === null ? 0 : Math.min(100, Math.round((100 * age) / promised));
  return html`<li class="${late ? 'trouble' : ''}">
    ${called[what]} <b>${age === null ? 'never' : `${span(age)} ago`}</b>
    ${
      used === null
        ? null
        : html`<span class="gauge"><i class="${late ? 'late' : ''}" style="width:${used}%"></i></span
            ><small>within ${span(promised!)}</small>`
    }
  </li>`;
}
