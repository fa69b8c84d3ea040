import type { Facts } from '../../workflows/wire.ts';
import { behind, bytes } from '../postgres/lsn.ts';
import type { Member } from '../postgres/member.ts';
import type { Probed } from './probe.ts';

/** A member as it answered, or why it did not. */
export type Asked = Member | string;

/**
 * What of the source's data the target does not have: from the source itself while it answers,
 * else from the probe's last sample of its flush position. Never from a promise: what nobody saw is unknown.
 */
export function atRisk(
  source: { name: string; is: Asked },
  target: { name: string; is: Asked },
  probed: Probed | string,
): Pick<Facts, 'atRisk' | 'atRiskText'> {
  if (typeof target.is === 'string') return unknown(`${target.name} does not answer: ${target.is}`);
  const to = target.is;
  if (!to.recovering) return unknown(`${target.name} is a primary already: nothing is sent to it.`);
  if (typeof source.is !== 'string' && !source.is.recovering) return fromSource(source.name, source.is, target.name, to);
  if (typeof probed === 'string')
    return unknown(`${source.name} does not answer as a primary, and there is no sample of what it had. ${probed}`);
  if (!probed.flush || probed.flush.host !== source.name)
    return unknown(`${source.name} does not answer as a primary, and the probe has no sample of what it had.`);
  if (typeof probed.flush.timeline === 'number' && probed.flush.timeline !== to.timeline) {
    return unknown(
      `${target.name} is on timeline ${to.timeline}, and ${source.name} was last seen on timeline ${probed.flush.timeline}: they cannot be compared.`,
    );
  }
  return fromProbe(source.name, { ...probed, flush: probed.flush }, to);
}

function fromSource(name: string, from: Member, targetName: string, to: Member): Pick<Facts, 'atRisk' | 'atRiskText'> {
  if (from.identifier !== to.identifier) return unknown(`${name} and ${targetName} are not of one PostgreSQL cluster.`);
  if (from.timeline !== to.timeline) return unknown(`${name} is on timeline ${from.timeline}, and ${targetName} on ${to.timeline}.`);
  const missing = behind(to.lsn, from.lsn);
  const milliseconds = missing === 0 ? 0 : to.replayedAt === null ? null : Math.max(0, Math.round(from.clock - to.replayedAt));
  return {
    atRisk: { bytes: missing, milliseconds },
    atRiskText: `${bytes(missing)}${span(milliseconds)}: ${name} answers and has that much that ${targetName} has not`,
  };
}

function fromProbe(
  name: string,
  probed: Probed & { flush: NonNullable<Probed['flush']> },
  to: Member,
): Pick<Facts, 'atRisk' | 'atRiskText'> {
  const missing = behind(to.lsn, probed.flush.lsn);
  const last = probed.lastGoodAt === null ? NaN : Date.parse(probed.lastGoodAt) - (probed.clockOffset ?? 0);
  const milliseconds = Number.isNaN(last) || to.replayedAt === null ? null : Math.max(0, Math.round(last - to.replayedAt));
  const after = Number.isNaN(last) ? NaN : Date.parse(probed.lastGoodAt ?? '') - Date.parse(probed.flush.at);
  const since = after > 0 ? `, ${Math.round(after)} ms before the last good marker` : '';
  return {
    atRisk: { bytes: missing, milliseconds },
    atRiskText: `about ${bytes(missing)}${span(milliseconds)}: against the probe's last sample of ${name} at ${probed.flush.at}${since}`,
  };
}

function span(milliseconds: number | null): string {
  if (milliseconds === null) return ', time not known';
  return milliseconds < 10_000 ? `, ${milliseconds} ms` : `, ${Math.round(milliseconds / 1_000)} s`;
}

function unknown(why: string): Pick<Facts, 'atRisk' | 'atRiskText'> {
  return { atRisk: null, atRiskText: `unknown: ${why}` };
}
