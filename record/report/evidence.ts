import type { RunRecord } from '../schema/run.ts';
import { counted, duration } from '../words.ts';
import { html, type Html } from './html.ts';

/** What an auditor looks for: scope, people, deviations, the way back to normal. */
export function evidence(record: RunRecord): Html {
  const { scenario, scope, planned, deviations, normal, absences } = record;
  const pairs: [string, Html | string][] = [
    ['Scenario', scenario.words],
    ['Scope', [counted(scope.systems.length, 'system'), scope.systems.join(', '), `at ${scope.sites.join(', ')}`].join(' · ')],
    ['Planned and done', plannedText(planned)],
    [
      'Deviations',
      deviations.length === 0 ? 'none' : list(deviations.map(({ step, how, text }) => `${step}: ${how}${text && ` — ${text}`}`)),
    ],
    ['Took part', list(record.participants.map(person))],
    ...(absences.length === 0
      ? []
      : [
          ['Did not answer', list(absences.map(({ question, names, why }) => `${question}: ${names.join(', ')} (${why})`))] as [
            string,
            Html,
          ],
        ]),
    ['Back to normal', normal.text],
  ];
  return html`<section>
    <h2>For the file</h2>
    <dl class="pairs">
      ${pairs.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd> `,
      )}
    </dl>
    <p class="none">Signed statements of those who accept this record lie beside it; the record itself never changes.</p>
  </section>`;
}

function plannedText({ steps, carriedOut, expected, actual }: RunRecord['planned']): string {
  const usual = expected === null || expected === 0 ? '' : `, usually ${duration(expected)}`;
  return `${carriedOut} of ${counted(steps, 'step')} carried out in ${duration(actual)}${usual}, without people's waits`;
}

function person({ name, how, roles, did }: RunRecord['participants'][number]): string {
  return `${name} (${[how, ...roles].join(', ')}): ${did.join('; ')}`;
}

const list = (lines: readonly string[]): Html =>
  html`<ul class="seen">
    ${lines.map((line) => html`<li>${line}</li> `)}
  </ul>`;
