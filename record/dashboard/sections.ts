import type { Finding } from '../../workflows/wire.ts';
import { headLine } from '../evidence/head.ts';
import { byWeight, isOverdue } from '../found.ts';
import { html, type Html } from '../report/html.ts';
import { duration } from '../words.ts';
import type { Standing } from './standing.ts';

/** What a schedule starts next. */
export interface Coming {
  readonly name: string;
  /** ISO time; null: never, it is paused, or has no time left. */
  readonly at: string | null;
  /** Why it is paused; null: it is not. */
  readonly paused: string | null;
}

const shown = 100;

/** What rehearsals and looks found, and is not mended. */
export function findingsSection(
  all: readonly { readonly system: string; readonly finding: Finding }[],
  missing: string | null,
  now: Date,
): Html | null {
  if (all.length === 0 && missing === null) return null;
  const order = all.toSorted((one, other) => byWeight(one.finding, other.finding));
  return html`<section>
    <h2>What was found, and is not mended</h2>
    ${missing === null ? null : html`<p class="banner">${missing}</p>`}
    <div class="wide">
      <table class="found">
        <tbody>
          ${order.slice(0, shown).map(({ system, finding }) => findingRow(system, finding, now))}
        </tbody>
      </table>
    </div>
    ${order.length > shown ? html`<p class="none">… and ${order.length - shown} more: lifeboat findings</p>` : null}
  </section>`;
}

function findingRow(system: string, finding: Finding, now: Date): Html {
  const { weight, text, subject, runbook, owner, due, state, firstSeen, times, word } = finding;
  const whose = owner === null ? 'nobody' : owner;
  return html`<tr class="${state === 'accepted' ? 'void' : ''}">
    <td><b>${system}</b><small>${runbook}, ${subject}</small></td>
    <td>
      <span class="${weight === 'must' && state === 'open' ? 'miss' : ''}">${weight === 'must' ? 'must be mended' : weight}</span>: ${text}
    </td>
    <td>
      ${
        state === 'accepted'
          ? `risk accepted by ${word?.by ?? 'somebody'}${word?.until ? ` until ${word.until.slice(0, 10)}` : ''}`
          : html`<span class="${owner === null ? 'miss' : ''}">owner: ${whose}</span>`
      }${due === null ? null : html`<small class="${isOverdue(finding, now) ? 'miss' : ''}">due ${due}</small>`}
    </td>
    <td class="time">since ${firstSeen.slice(0, 10)}, seen ${times === 1 ? 'once' : `${times} times`}</td>
  </tr>`;
}

/** What the schedules begin next; one that is paused is said to be. */
export function comingSection(coming: readonly Coming[], missing: string | null, now: Date): Html {
  return html`<section>
    <h2>Next, by schedule</h2>
    ${missing === null ? null : html`<p class="banner">${missing}</p>`}
    ${
      coming.length === 0 && missing !== null
        ? null
        : coming.length === 0
          ? html`<p class="none">
              Nothing is scheduled: what nobody begins is not done. Write schedules.yaml, then lifeboat schedules apply.
            </p>`
          : html`<div class="wide">
              <table class="next">
                <tbody>
                  ${coming.map((one) => comingRow(one, now))}
                </tbody>
              </table>
            </div>`
    }
  </section>`;
}

function comingRow({ name, at, paused }: Coming, now: Date): Html {
  return html`<tr>
    <td>${name}</td>
    <td class="time">${at === null ? '' : `${at.slice(0, 16).replace('T', ' ')} UTC`}</td>
    <td>
      ${
        paused !== null
          ? html`<span class="miss">paused: ${paused}</span>`
          : at === null
            ? html`<span class="miss">never again</span>`
            : `in ${duration(Math.max(0, Date.parse(at) - now.getTime()))}`
      }
    </td>
  </tr>`;
}

/** The newest signed record of each system. */
export function headsSection(all: readonly Standing[]): Html {
  const heads = all.flatMap(({ system, summary }) => (summary?.head ? [{ system, head: summary.head }] : []));
  return html`<section>
    <h2>Records</h2>
    <p class="none">
      The newest record of each system, in one line. Kept elsewhere, such a line shows later whether records were taken away: lifeboat
      verify --head.
    </p>
    ${
      heads.length === 0
        ? html`<p class="none">No system has a signed record yet.</p>`
        : html`<div class="wide">
            <table class="heads">
              <tbody>
                ${heads.map(
                  ({ system, head }) =>
                    html`<tr>
                      <td><code>${headLine(system, head)}</code></td>
                      <td class="time">${head.at.slice(0, 16).replace('T', ' ')}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}
