import { StepError } from '../error.ts';
import type { Proof, StepContext } from '../step.ts';

/** Oldest that a proof may be when it is acted upon, milliseconds. */
export const fresh = 5_000;

/**
 * Reads the proofs that the old primary cannot write again, now, and returns one that holds.
 * Throws where there is none, where none holds any more, or where the old primary would come back by itself.
 * @param source the host that must not write: by default the one that served.
 */
export async function holding(context: StepContext, source = context.system.postgres?.members[context.source.site]): Promise<Proof> {
  const about = context.proofs.filter((proof) => proof.host === source && (proof.kind === 'fence' || proof.kind === 'shutdown'));
  if (about.length === 0) {
    throw new StepError(
      'no-proof',
      `Nothing proves that the old primary (${source ?? `at ${context.source.site}`}) cannot write: fence it or shut it down first. Nothing was promoted.`,
      'person',
    );
  }
  const failures: StepError[] = [];
  for (const proof of about) {
    const again = await context.reread(proof).catch((error: unknown) => {
      if (!(error instanceof StepError)) throw error;
      failures.push(error);
    });
    if (!again) continue;
    if (again.host !== source || again.kind !== proof.kind) {
      failures.push(new StepError('proof-of-another', `${proof.by} read again speaks of ${again.host}, not of ${source}.`, 'person'));
    } else if (proof.latched === 'no' || again.latched === 'no') {
      failures.push(
        new StepError(
          'not-latched',
          `PostgreSQL on ${proof.host} starts at boot: it would take writes again after a restart. Disable the service there, then retry ${proof.by}.`,
          'person',
        ),
      );
    } else {
      return again;
    }
  }
  const texts = failures.map((failure) => failure.message).join(' ');
  throw new StepError(
    failures.length === 1 && failures[0] ? failures[0].code : 'proof-does-not-hold',
    `The proof that the old primary cannot write does not hold now, so nothing was promoted. ${texts}`,
    failures.some((failure) => failure.remedy === 'again' || failure.remedy === 'later') ? 'again' : 'person',
  );
}

/** Whether a proof was read so short a time ago that it may be acted upon. */
export function isFresh(proof: Proof): boolean {
  return Date.now() - Date.parse(proof.at) <= fresh;
}
