import type { RunRecord } from '../schema/run.ts';
import { day } from '../words.ts';
import { html, type Html } from './html.ts';

const words = { must: 'Fix', should: 'Look at', note: 'Note' };

export function findings({ findings, knownFindings }: RunRecord): Html {
  if (findings.length === 0)
    return html`<section>
      <h2>What must be fixed</h2>
      <p class="none">Nothing was found.</p>
    </section>`;
  const items = findings.map(({ weight, text, id }) => {
    const known = knownFindings.find((one) => one.id === id);
    return html`<li class="${weight}">
      <b>${words[weight]}</b><span>${text}${known ? html`<small>${standing(known)}</small>` : null}</span>
    </li> `;
  });
  return html`<section>
    <h2>What must be fixed</h2>
    <ul class="findings">
      ${items}
    </ul>
  </section>`;
}

/** Since when it is known, and who sees to it. */
function standing({ state, firstSeen, times, owner, due, word }: RunRecord['knownFindings'][number]): string {
  const risk =
    state === 'accepted' && word
      ? `; the risk was accepted by ${word.by}${word.until === null ? '' : ` until ${word.until.slice(0, 10)}`}: ${word.reason}`
      : '';
  const whose = owner === null ? 'nobody owns it' : `owned by ${owner}${due === null ? '' : `, due ${due}`}`;
  return `Known since ${day(firstSeen)}, seen ${times} times before; ${whose}${risk}`;
}

export function notProven({ notProven }: RunRecord): Html {
  if (notProven.length === 0)
    return html`<section>
      <h2>Not proven</h2>
      <p class="none">The run names nothing that it did not prove.</p>
    </section>`;
  return html`<section>
    <h2>Not proven</h2>
    <dl class="pairs">
      ${notProven.map(
        ({ what, why }) =>
          html`<dt>${what}</dt>
            <dd>${why}</dd> `,
      )}
    </dl>
  </section>`;
}
