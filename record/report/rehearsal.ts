import type { RunRecord } from '../schema/run.ts';
import { clockTime, counted, day } from '../words.ts';
import { html, type Html } from './html.ts';

type Rehearsal = NonNullable<RunRecord['rehearsal']>;

/** Against what it was tried, and what is left of it; nothing of a live run. */
export function rehearsal({ rehearsal: one }: RunRecord): Html | null {
  return one ? html`${differs(one)}${cleanUp(one)}` : null;
}

/** How many of the things that it made are left, for a reader in a hurry. */
export function leftOver({ cleanUp: one }: Rehearsal): readonly [figure: string, detail: string, good: boolean] {
  if (one === null) return ['0', 'it had made nothing yet', true];
  if (one.keptUntil !== null)
    return ['kept', `until ${day(one.keptUntil)}, ${clockTime(one.keptUntil).slice(0, 5)} UTC, to be looked at`, false];
  if (one.unseen.length > 0) return ['not known', one.unseen[0] ?? '', false];
  return [String(one.left.length), `${counted(one.removed.length, 'copy', 'copies')} taken away`, one.left.length === 0];
}

function differs({ differs: all, of }: Rehearsal): Html {
  const rows = all.map(
    ({ step, how, text }) =>
      html`<tr>
        <td><b>${step}</b></td>
        <td>${how}</td>
        <td>${text}</td>
      </tr> `,
  );
  return html`<section>
    <h2>How it differs from a live run</h2>
    <div class="wide">
      <table class="steps">
        <thead>
          <tr>
            <th>Step</th>
            <th>In the rehearsal</th>
            <th>On what, or why</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="none">Every other step is as in the live plan ${of.slice(0, 12)}.</p>
  </section>`;
}

function cleanUp(one: Rehearsal): Html | null {
  const { cleanUp: clean } = one;
  if (clean === null) return null;
  const [figure, detail] = leftOver(one);
  const items = [
    ...clean.left.map((what) => html`<li class="trouble"><b>left</b> ${what}</li> `),
    ...clean.unseen.map((why) => html`<li class="trouble"><b>not known</b> ${why}</li> `),
    ...clean.removed.map((what) => html`<li class="ok"><b>gone</b> ${what}</li> `),
  ];
  return html`<section>
    <h2>Clean-up</h2>
    <p>
      ${figure === 'kept' ? `Its copies are kept ${detail}` : `${figure} left over`}${clean.at && `, as the world was read at ${clockTime(clean.at).slice(0, 8)} UTC`}.
    </p>
    <ul class="seen checks">
      ${items}
    </ul>
  </section>`;
}
