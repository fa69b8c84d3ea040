import type { RunRecord } from '../schema/run.ts';
import { clockTime, counted, day, duration } from '../words.ts';
import { html, type Html } from './html.ts';

/** Class of the page: what its first colour says. */
export function tone({ verdict, serving, findings }: RunRecord): 'good' | 'mixed' | 'bad' | 'open' {
  if (verdict === null) return 'open';
  if (verdict === 'rehearsed') return findings.some(({ weight }) => weight !== 'note') ? 'mixed' : 'good';
  if (verdict === 'recovered' || verdict === 'restored' || verdict === 'proven') return 'good';
  if (
    verdict === 'recovered, unprotected' ||
    ((verdict === 'backed out' || verdict === 'refused' || verdict === 'aborted') && serving.site)
  )
    return 'mixed';
  return 'bad';
}

export function verdict(record: RunRecord): Html {
  const { startedAt, endedAt, startedBy, modes, kind, rehearsal } = record;
  const what = [rehearsal && 'rehearsal:', modes.at(-1)?.mode, kind ?? 'run'].filter(Boolean).join(' ');
  return html`<header>
    <p class="eyebrow">${what} of ${record.system}<span> · ${day(startedAt)}</span></p>
    <h1>${headline(record)}</h1>
    <p class="lede">${record.why}</p>
    <p class="when">
      ${clockTime(startedAt).slice(0, 8)}–${endedAt ? clockTime(endedAt).slice(0, 8) : '…'} UTC, ${duration(record.duration)}. Started by
      ${startedBy.by} (${startedBy.how}).
    </p>
  </header>`;
}

function headline(record: RunRecord): string {
  const { verdict, system, serving, kind, source } = record;
  if (record.rehearsal) return rehearsed(record);
  const run = kind ?? 'run';
  const now = serving.site ? `${serving.site} serves` : serving.known ? 'no site serves' : 'which site serves is not known';
  switch (verdict) {
    case 'recovered':
      return `${system} was recovered${serving.site ? ` at ${serving.site}` : ''}`;
    case 'recovered, unprotected':
      return `${system} was recovered${serving.site ? ` at ${serving.site}` : ''}, and has no standby`;
    case 'restored':
      return `A backup of ${system} was restored`;
    case 'proven':
      return `${system} was backed up, and the backup is proven`;
    case 'rehearsed':
      return `${system} was rehearsed, and what was tried went well`;
    case 'unproven':
      return `The backup of ${system} is not proven`;
    case 'backed out':
      return `The ${run} of ${system} was backed out: ${serving.site ? `${serving.site} serves${serving.site === source ? ' as before' : ''}` : now}`;
    case 'aborted':
    case 'refused':
    case 'cancelled':
      return `The ${run} of ${system} was ${verdict}: ${now}`;
    case 'failed':
      return `The ${run} of ${system} failed: ${now}`;
    case null:
      return `The ${run} of ${system} is under way: ${now}`;
  }
}

function rehearsed({ verdict, system, kind, findings }: RunRecord): string {
  const what = `The rehearsal of the ${kind ?? 'run'} of ${system}`;
  const open = findings.filter(({ weight }) => weight !== 'note').length;
  const found = open === 0 ? '' : `, and found ${counted(open, 'thing')} to look at`;
  switch (verdict) {
    case 'rehearsed':
      return `${what} passed${found}`;
    case null:
      return `${what} is under way`;
    case 'failed':
      return `${what} failed`;
    default:
      return `${what} was ${verdict}`;
  }
}
