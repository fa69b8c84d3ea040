import type { Finding, Summary } from '../../workflows/wire.ts';
import { Html, html } from '../report/html.ts';
import { style } from '../report/style.ts';
import { counted } from '../words.ts';
import { comingSection, findingsSection, headsSection, type Coming } from './sections.ts';
import { standings, type Standing } from './standing.ts';
import { ownStyle } from './style.ts';
import { systemsTable } from './systems.ts';

/** What a dashboard is made of. */
export interface Overview {
  /** What Temporal tells of each system; null: it was told by an earlier release. */
  readonly systems: ReadonlyMap<string, Summary | null>;
  /** Systems of the inventory, of which Temporal may know nothing yet. */
  readonly written: readonly string[];
  readonly findings: readonly { readonly system: string; readonly finding: Finding }[];
  /** Why the findings could not be read; null: these are all. */
  readonly findingsMissing: string | null;
  readonly coming: readonly Coming[];
  /** Why schedules are not all known; null: they are. */
  readonly comingMissing: string | null;
}

/** All systems on one self-contained page: what is wrong first, then each system with its proofs and trends. Pure. */
export function dashboard({ systems, written, findings, findingsMissing, coming, comingMissing }: Overview, now: Date): string {
  const all = standings(systems, written, now.getTime());
  const [title, tone] = [headline(all), all[0]?.tone ?? 'mixed'];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Recovery: ${title}</title>
        <style>
          ${new Html(`${style}${ownStyle}`)}
        </style>
      </head>
      <body class="${tone}">
        <main>
          <header>
            <p class="eyebrow">Can we recover? <span>${now.toISOString().slice(0, 16).replace('T', ' ')} UTC</span></p>
            <h1>${title}</h1>
            ${ledeOf(all)}
          </header>
          ${tiles(all)}
          <section>
            <h2>Systems</h2>
            ${systemsTable(all)}
          </section>
          ${findingsSection(findings, findingsMissing, now)} ${comingSection(coming, comingMissing, now)} ${headsSection(all)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function headline(all: readonly Standing[]): string {
  const count = (tone: Standing['tone']): number => all.filter((one) => one.tone === tone).length;
  const [bad, mixed] = [count('bad'), count('mixed')];
  if (all.length === 0) return 'Nothing is protected yet';
  if (bad > 0) return `${bad} of ${counted(all.length, 'system')} could not be relied upon`;
  if (mixed > 0) return `${mixed} of ${counted(all.length, 'system')} ${mixed === 1 ? 'needs' : 'need'} a look`;
  return all.length === 1 ? 'The system is proven as promised' : `All ${all.length} systems are proven as promised`;
}

function ledeOf(all: readonly Standing[]): Html {
  const [worst] = all;
  if (worst === undefined)
    return html`<p class="lede">A system is known from its first run on: begin with a backup, and rehearse its failover.</p>`;
  if (worst.tone === 'good')
    return html`<p class="lede">Every backup, rehearsal and look was made in time, and nothing that must be mended is known.</p>`;
  return html`<p class="lede">First of all, <b>${worst.system}</b>: ${worst.worries[0]!.text.replace(/\.$/u, '')}.</p>`;
}

function tiles(all: readonly Standing[]): Html {
  const known = all.flatMap(({ summary }) => summary ?? []);
  const tile = (title: string, figure: number, right: string, wrong: string): Html =>
    html`<div class="tile">
      <h2>${title}</h2>
      <p class="figure">${figure}</p>
      <small class="${figure > 0 ? 'miss' : 'met'}">${figure > 0 ? wrong : right}</small>
    </div>`;
  const good = all.filter(({ tone }) => tone === 'good').length;
  const late = all.filter(({ ages, summary }) => summary === null || ages.some((age) => age.late)).length;
  const must = known.reduce((sum, { findings }) => sum + findings.must, 0);
  const bare = known.filter(({ unprotectedSince }) => unprotectedSince !== null).length;
  const unready = known.filter(({ ready }) => ready === false).length;
  return html`<section class="tiles" aria-label="In short">
    <div class="tile">
      <h2>As promised</h2>
      <p class="figure">${good}<span class="of"> of ${all.length}</span></p>
      <small class="${good === all.length ? 'met' : 'miss'}"
        >${good === all.length ? 'every system' : counted(all.length - good, 'is not', 'are not')}</small
      >
    </div>
    ${[
      tile('Not proven in time', late, 'no proof is overdue', 'a backup, rehearsal, exercise or look is overdue'),
      tile('Not ready', unready, 'nothing stands in the way', 'a recovery would fail or wait'),
      tile('Unprotected', bare, 'all have something that follows', 'nothing follows what serves'),
      tile('To be mended', must, 'no finding weighs that much', 'before the next run'),
    ]}
  </section>`;
}
