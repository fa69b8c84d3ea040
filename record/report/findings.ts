import type { RunRecord } from '../schema/run.ts';
import { html, type Html } from './html.ts';

const words = { must: 'Fix', should: 'Look at', note: 'Note' };

export function findings({ findings }: RunRecord): Html {
  if (findings.length === 0)
    return html`<section>
      <h2>What must be fixed</h2>
      <p class="none">Nothing was found.</p>
    </section>`;
  const items = findings.map(({ weight, text }) => html`<li class="${weight}"><b>${words[weight]}</b><span>${text}</span></li> `);
  return html`<section>
    <h2>What must be fixed</h2>
    <ul class="findings">
      ${items}
    </ul>
  </section>`;
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
