import type { HostFacts } from '../plan/plan.ts';
import { StepError } from './error.ts';
import { sight } from './sight.ts';
import type { Proof, StepContext } from './step.ts';

/** How long a host may still be heard after it was cut off, milliseconds. */
const grace = 1_000;
const lastSign = / gave its last sign of life at (\S+)\.$/;

/** What is said to have cut a host off. */
export interface CutOff {
  readonly host: HostFacts;
  /** One sentence: `The controller of a-db says Off.` */
  readonly said: string;
  /** When the host was last seen alive, ISO time; undefined: never. */
  readonly seen: string | undefined;
  /** True: everything at its site is expected to be silent, because the site was cut off with it. */
  readonly site?: boolean;
}

/**
 * Proves the second signal of a fence: a host that answered before no longer does, while its site's witness answers in the same
 * second; where its whole site was cut off, the witness is silent too, and the caller has another sign that its own path works. Only reads.
 * @throws StepError `fence-lies` where the host, or what was cut off with it, still answers, `fence-unknown` where silence proves nothing.
 */
export async function proveSilent(
  { host, said, seen, site = false }: CutOff,
  context: StepContext,
): Promise<{ at: string; evidence: readonly string[] }> {
  const until = Date.now() + grace;
  const heard = (look: { alive: boolean; witness: boolean | null }): boolean => look.alive || (site && look.witness === true);
  let look = await sight(host, context.system, context.viewpoint);
  while (heard(look) && Date.now() < until) {
    await context.sleep(100);
    look = await sight(host, context.system, context.viewpoint);
  }
  const facts = [said, ...look.evidence].join(' ');
  if (heard(look)) {
    const what = look.alive ? host.name : `the witness of ${host.site}`;
    throw new StepError(
      'fence-lies',
      `${said.replace(/\.$/, '')}, and ${what} still answers: ${host.name} is not cut off, and nothing may be promoted. ${facts}`,
      'person',
    );
  }
  if (!site && !look.witness) {
    throw new StepError(
      'fence-unknown',
      `${host.name} is silent, and so is everything else at ${host.site} seen from ${context.viewpoint}: the link may be cut and the host may still take writes. ${facts}`,
      'person',
    );
  }
  if (seen === undefined) {
    throw new StepError(
      'fence-unknown',
      `${host.name} is silent, but it was never seen alive from ${context.viewpoint} or by the probe, so silence proves nothing: is port ${host.alive} (\`alive\`) reachable when the host is up? ${facts}`,
      'person',
    );
  }
  return { at: look.at, evidence: [said, `${host.name} gave its last sign of life at ${seen}.`, ...look.evidence] };
}

/** A proof that is read again was made of a host that had been seen alive: when, stands in its evidence. */
export function seenBefore({ by, host }: { readonly by: string; readonly host: string }, proofs: readonly Proof[]): string | undefined {
  const proof = proofs.find((one) => one.by === by && one.host === host);
  return proof?.evidence.map((sentence) => lastSign.exec(sentence)?.[1]).find((time) => time !== undefined);
}
