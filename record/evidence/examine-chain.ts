import { bad, unknown, type Doubt } from './doubt.ts';
import type { Exhibit } from './exhibit.ts';
import type { KnownHead } from './head.ts';
import type { Statement } from './statement.ts';

export type Chained = Exhibit & { readonly statement: Statement };

/** Holds the records of one system to their order, and to the heads that are known of it. */
export function ofChain(system: string, all: readonly Chained[], heads: readonly KnownHead[], whole: boolean): Doubt[] {
  const doubts = all
    .filter(({ statement }) => statement.place.number === null)
    .map(({ file }) =>
      unknown('unchained', file, 'the system did not answer when it was made: it stands in no chain, and could be missing unnoticed'),
    );
  const chained = all.filter(({ statement }) => statement.place.number !== null).toSorted((one, other) => numberOf(one) - numberOf(other));
  for (const [index, one] of chained.entries()) {
    const before = chained[index - 1];
    const [number, last] = [numberOf(one), before === undefined ? 0 : numberOf(before)];
    const named = one.statement.place.previous;
    if (number === last) {
      if (one.digest !== before!.digest)
        doubts.push(bad('duplicate', one.file, `it is number ${number} of ${system}, and so is ${before!.file}`));
    } else if (number > last + 1) {
      const text = `of ${system} ${range(last + 1, number - 1)} missing, before ${one.file}`;
      doubts.push(whole ? bad('missing', system, text) : unknown('not proven', system, `${text}: only a whole folder shows a deletion`));
    } else if (named !== (before?.digest ?? null))
      doubts.push(
        bad('reordered', one.file, `it does not follow ${before?.file ?? 'the beginning'}: records were exchanged, or their order changed`),
      );
  }
  return [...doubts, ...ofHead(system, chained, heads, whole)];
}

function ofHead(system: string, chained: readonly Chained[], heads: readonly KnownHead[], whole: boolean): Doubt[] {
  const last = chained.at(-1);
  const newest = last === undefined ? 0 : numberOf(last);
  const doubts = heads.flatMap(({ count, digest }) => {
    const there = chained.filter((one) => numberOf(one) === count);
    if (there.length === 0 && count > newest && whole)
      return [
        bad(
          'truncated',
          system,
          `${system} had ${count} records, and ${last === undefined ? 'none is here' : `the newest here is number ${newest}`}: the newest were taken away`,
        ),
      ];
    return there.length === 0 || there.some((one) => one.digest === digest)
      ? []
      : [bad('reordered', there[0]!.file, `number ${count} of ${system} is not the record that the head names`)];
  });
  if (last !== undefined && !heads.some(({ count }) => count >= newest))
    doubts.push(
      unknown('not proven', system, `that ${last.file} is the newest of ${system} is not proven: give a head from elsewhere (--head)`),
    );
  return doubts;
}

const numberOf = ({ statement }: Chained): number => statement.place.number!;
const range = (from: number, to: number): string => (from === to ? `number ${from} is` : `numbers ${from} to ${to} are`);
