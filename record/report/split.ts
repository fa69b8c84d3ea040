import type { RunRecord } from '../schema/run.ts';
import { clockTime, duration } from '../words.ts';
import { html, type Html } from './html.ts';

const meaning = {
  detect: 'from the failure until the run started',
  decide: 'people were asked, and nothing ran',
  execute: 'the machine at work',
  verify: 'after the target was proven to serve',
};

/** Where the recovery time went. */
export function split({ recovery, rehearsal }: RunRecord): Html | null {
  // Nothing was recovered.
  if (rehearsal) return null;
  const { split: parts, total, failedAt, servedAt } = recovery;
  if (!parts || total === null || total === 0 || !failedAt || !servedAt) {
    return html`<section>
      <h2>Recovery time</h2>
      <p class="none">${recovery.note || 'There is nothing to split.'}</p>
    </section>`;
  }
  const bar = parts
    .filter(({ milliseconds }) => milliseconds > 0)
    .map(({ part, milliseconds }) => html`<i class="${part}" style="flex:${((milliseconds / total) * 100).toFixed(3)} 1 0"></i>`);
  const legend = parts.map(
    ({ part, milliseconds }) =>
      html`<li>
        <i class="${part}"></i><b>${part}</b> <strong>${duration(milliseconds)}</strong>
        <em>${Math.round((milliseconds / total) * 100)} %</em><small>${meaning[part]}</small>
      </li> `,
  );
  return html`<section>
    <h2>Where the ${duration(total)} went</h2>
    <div class="bar" role="img" aria-label="${parts.map(({ part, milliseconds }) => `${part} ${duration(milliseconds)}`).join(', ')}">
      ${bar}
    </div>
    <p class="ends"><span>first missed marker ${clockTime(failedAt)}</span><span>served again ${clockTime(servedAt)}</span></p>
    <ul class="legend">
      ${legend}
    </ul>
    ${recovery.note && html`<p class="none">${recovery.note}</p>`}
  </section>`;
}
