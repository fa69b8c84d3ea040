import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** How many people must say it. */
export const people = 2;
/** Name and attestation in a sentence of evidence that this file wrote. */
const speaker = /^(.+) \((attested|stated|anonymous)\) said at /;

/** A fence that stands on the word of people. */
export interface Word {
  /** The step type that takes it. */
  readonly by: string;
  /** What it is about, as proofs name it. */
  readonly host: string;
  /** What they say: `a-db is off`. */
  readonly that: string;
}

/**
 * Who said so: now, or when the proof that is read again was made. Anonymous words count as one person's.
 * @throws StepError `not-witnessed`.
 */
export function witnesses({ by: type, host, that }: Word, context: StepContext): { by: string[]; evidence: readonly string[] } {
  const said = context.stated.map(
    (word) => `${word.by} (${word.how}) said at ${word.at} that ${that}${word.reason ? `: ${word.reason}` : '.'}`,
  );
  const before = context.proofs.find((proof) => proof.by === type && proof.host === host)?.evidence ?? [];
  for (const evidence of [said, before.filter((sentence) => speaker.test(sentence))]) {
    const by = [
      ...new Set(
        evidence.map((sentence) => speaker.exec(sentence)).map((match) => (match?.[2] === 'anonymous' ? 'anonymous' : (match?.[1] ?? ''))),
      ),
    ];
    if (by.length >= people) return { by, evidence };
  }
  const so = said.length === 0 ? 'nobody has' : `only ${[...new Set(context.stated.map((word) => word.by))].join(', ')}`;
  throw new StepError('not-witnessed', `${people} people must say that ${that}; so far ${so}.`, 'person');
}
