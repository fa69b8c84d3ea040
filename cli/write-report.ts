import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { RunRecord } from '../record/schema/run.ts';
import { duration } from '../record/words.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { good } from './verdict.ts';

/** Builds the record of a history again; prints it in short or as JSON, and writes report or record to `out`, and the report to `pdf`. Returns 0. */
export async function writeReport(
  history: History,
  options: { json: boolean; out: string | undefined; pdf: string | undefined },
): Promise<number> {
  const { recordFromHistory } = await import('../worker/replay.ts');
  const { record, html } = await recordFromHistory(history);
  if (options.pdf !== undefined) {
    const { printPdf } = await import('./print-pdf.ts');
    await write(options.pdf, await printPdf(html));
  }
  if (options.out !== undefined) {
    await write(options.out, options.json ? `${JSON.stringify(record, null, 2)}\n` : html);
  } else if (options.json) sayJson(record);
  else if (options.pdf === undefined) {
    summary(record).forEach((line) => say(line));
    say('\nThe whole report: --out FILE.html or --pdf FILE.pdf; the whole record: --json');
  }
  return exit.done;
}

async function write(name: string, what: string | Buffer): Promise<void> {
  const file = resolve(name);
  await writeFile(file, what).catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be written (${error.code ?? error.message}).`, 'Name a file in a folder that is there.');
  });
  say(file);
}

function summary(record: RunRecord): string[] {
  const well = record.verdict !== null && good.includes(record.verdict);
  const lines = [
    paint(
      'bold',
      `${record.rehearsal ? 'rehearsal of the ' : ''}${record.kind ?? 'run'} of ${plain(record.system)}${record.source && record.target ? `: ${record.source} → ${record.target}` : ''}`,
    ),
    `${paint(well ? 'green' : 'red', record.verdict ?? 'under way')}${record.why === '' ? '' : `: ${plain(record.why)}`}`,
    record.rehearsal
      ? 'What is in service was not touched.'
      : record.serving.site === null
        ? `No site is known to serve ${plain(record.system)}.`
        : `${record.serving.site} serves ${plain(record.system)}.`,
    `started by ${plain(record.startedBy.by)} (${record.startedBy.how}) at ${record.startedAt}; took ${duration(record.duration)}`,
  ];
  for (const objective of record.objectives)
    lines.push(
      `${objective.name}: ${objective.measured === null ? 'not measured' : duration(objective.measured)}, ${objective.result} — ${plain(objective.why)}`,
    );
  if (record.point) lines.push(`markers: ${record.point.kept} kept, ${record.point.lost} lost, ${record.point.unexpected} unexpected`);
  for (const decision of record.decisions)
    lines.push(
      `decided: ${decision.choice} ${decision.question} by ${plain(decision.by)} (${decision.how})${decision.counts ? '' : `, not counted: ${plain(decision.note)}`}`,
    );
  for (const finding of record.findings) lines.push(`${finding.weight}: ${plain(finding.text)}`);
  return lines;
}
