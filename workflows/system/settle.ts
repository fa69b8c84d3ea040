import type { SystemState, Tidings } from '../wire.ts';
import { alarmsAt, cleared, toTell } from './alarms.ts';
import { lapsed, opened } from './findings.ts';

export type News = Omit<Tidings, 'system' | 'link' | 'notify'>;

/** What has come true by this time alone, and what people are to hear of the change. Pure. */
export function settle(
  before: SystemState,
  next: SystemState,
  at: string,
): { readonly state: SystemState; readonly news: readonly News[] } {
  const { system } = next;
  const findings = lapsed(next.findings ?? [], at);
  const alarms = alarmsAt(next, at);
  // Where nobody is named who could be told, nobody was: they are told as soon as somebody is.
  const due = Object.keys(next.notify ?? {}).length === 0 ? [] : toTell(alarms, at);
  const state = {
    ...next,
    findings,
    alarms: alarms.map((alarm) => (due.includes(alarm) ? { ...alarm, toldAt: at } : alarm)),
    rest: next.rest && next.rest.until > at ? next.rest : null,
  };
  const fresh = opened(before.findings ?? [], findings);
  const news: News[] = [
    ...due.map(({ what, since, text }) => ({
      event: 'unproven' as const,
      key: `${system} ${what} ${since} ${at.slice(0, 10)}`,
      title: `${system}: ${what} is not proven as promised`,
      text: [text],
    })),
    ...cleared(before, state).map(({ what, since }) => ({
      event: 'proven again' as const,
      key: `${system} ${what} ${since} again`,
      title: `${system}: ${what} is proven again`,
      text: [`It was not proven as promised since ${since}.`],
    })),
  ];
  if (fresh.length > 0)
    news.push({
      event: 'finding',
      key: `${system} findings ${at}`,
      title: `${system}: ${fresh.length} ${fresh.length === 1 ? 'finding is' : 'findings are'} new`,
      text: fresh.slice(0, mostNamed).map(({ weight, id, text }) => `${weight}: ${id}: ${text}`),
    });
  return { state, news };
}

/** Findings that one message names. */
const mostNamed = 50;
