import type { HostFacts, LineFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { proveSilent } from '../silence.ts';
import type { StepContext } from '../step.ts';
import { lineState } from './line.ts';

/** A line at which a host can be cut off. */
export interface Cut {
  readonly kind: 'port' | 'router';
  readonly line: LineFacts;
  /** `the switch port of a-db`. */
  readonly what: string;
  /** A cut here is a fence of the host. */
  readonly fences: boolean;
}

/** The lines at which a host can be cut off, the narrowest first. */
export function cutsOf(host: HostFacts): readonly Cut[] {
  return [
    ...(host.port ? [{ kind: 'port' as const, line: host.port, what: `the switch port of ${host.name}`, fences: true }] : []),
    ...(host.router
      ? [{ kind: 'router' as const, line: host.router, what: `${host.site} at its router`, fences: host.router.nothingWritesInside }]
      : []),
  ];
}

/** Those of them that are a fence; says plainly where there is none. */
export function fencesOf(host: HostFacts): readonly Cut[] {
  const cuts = cutsOf(host);
  if (cuts.length === 0)
    throw new StepError(
      'no-line',
      `The inventory names no line at which ${host.name} can be cut off: give it a \`switch-port\`, or ${host.site} a \`router\`.`,
      'mistake',
    );
  const fences = cuts.filter((cut) => cut.fences);
  if (fences.length > 0) return fences;
  throw new StepError('writes-inside', writesInside(host), 'person');
}

export function writesInside({ name, site }: HostFacts): string {
  return `Cutting off ${site} at its router is no fence of ${name}: clients inside ${site} would go on writing to it. It is one only where the inventory states \`nothing-writes-inside: true\`; a cut at the switch port of ${name} is one in any case.`;
}

/**
 * Proves that a host is cut off: the device reads the cut back, and the host, which answered before, is silent. At a switch port the
 * site's witness answers in the same second; at a router everything inside is silent, and the router itself answers after the
 * silence, over a path that therefore works. Only reads.
 */
export async function proveCut(
  host: HostFacts,
  cut: Cut,
  seen: string | undefined,
  context: StepContext,
): Promise<{ at: string; evidence: readonly string[] }> {
  const { line, what, kind } = cut;
  if ((await lineState(line, what, context)) !== 'cut')
    throw new StepError('line-open', `${line.device.name} says that ${what} is open: ${host.name} is not cut off.`);
  const said = `${line.device.name} says that ${what} is cut.`;
  const silent = await proveSilent({ host, said, seen, site: kind === 'router' }, context);
  if (kind === 'port') return silent;
  if ((await lineState(line, what, context)) !== 'cut')
    throw new StepError('line-open', `${line.device.name} says that ${what} is open again: ${host.name} is not cut off.`);
  const at = new Date().toISOString();
  return {
    at,
    evidence: [
      ...silent.evidence,
      `${line.device.name} answered at ${at}, after that silence, so the way there works; it says that ${what} is cut, and the inventory states that nothing inside ${host.site} writes.`,
    ],
  };
}
