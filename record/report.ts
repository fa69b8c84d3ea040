import { evidence } from './report/evidence.ts';
import { html, Html } from './report/html.ts';
import { findings, notProven } from './report/findings.ts';
import { gantt } from './report/gantt.ts';
import { identity, preflight } from './report/identity.ts';
import { decisions, interventions } from './report/people.ts';
import { rehearsal } from './report/rehearsal.ts';
import { split } from './report/split.ts';
import { steps } from './report/steps.ts';
import { style } from './report/style.ts';
import { tiles } from './report/tiles.ts';
import { tone, verdict } from './report/verdict.ts';
import type { RunRecord } from './schema/run.ts';

/** The record as one HTML page that needs no network and no script, in light and dark, on screen and on paper. */
export function report(record: RunRecord): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${record.system}: ${record.verdict ?? 'under way'} (${record.startedAt.slice(0, 10)})</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body class="${tone(record)}">
        <main>
          ${verdict(record)} ${tiles(record)} ${findings(record)} ${split(record)} ${gantt(record)} ${decisions(record)}
          ${interventions(record)} ${steps(record)} ${notProven(record)} ${rehearsal(record)} ${evidence(record)} ${preflight(record)}
          ${identity(record)}
        </main>
      </body>
    </html> `;
  return page.text;
}
