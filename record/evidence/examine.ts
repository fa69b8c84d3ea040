import { ofChain, type Chained } from './examine-chain.ts';
import { bad, unknown, type Doubt } from './doubt.ts';
import type { Exhibit } from './exhibit.ts';
import type { KnownHead } from './head.ts';
import { readSignOff, readStatement, recordType, signOffType, type SignOff, type Statement } from './statement.ts';

export interface Examined {
  readonly doubts: readonly Doubt[];
  readonly records: number;
  /** Who signed off which record. `apart`: took no part in the run. */
  readonly signOffs: readonly (SignOff & { readonly file: string; readonly of: string; readonly apart: boolean })[];
}
interface Asked {
  readonly heads: readonly (KnownHead & { readonly forged: boolean })[];
  /** The files are all that a store holds: what is not among them is missing. */
  readonly whole: boolean;
}

/** Holds records to their signatures, to each other, and to the heads that are known from elsewhere. Pure, and needs no server. */
export function examine(exhibits: readonly Exhibit[], { heads, whole }: Asked): Examined {
  const records = exhibits.flatMap((exhibit) => {
    const statement = exhibit.payloadType === recordType ? readStatement(exhibit.text) : null;
    return statement === null ? [] : [{ ...exhibit, statement }];
  });
  const systems = new Set([...records.map(({ statement }) => statement.place.system), ...heads.map(({ system }) => system)]);
  const signOffs = exhibits.flatMap((exhibit) => {
    const said = exhibit.payloadType === signOffType ? readSignOff(exhibit.text) : null;
    return said === null ? [] : [{ ...exhibit, said }];
  });
  return {
    records: records.length,
    doubts: [
      ...exhibits.flatMap(ofSignature),
      ...unsigned(records, signOffs),
      ...records.flatMap((one) => ofOne(one, one.statement)),
      ...[...systems].flatMap((system) => ofChain(system, ofSystem(records, system), ofHeads(heads, system), whole)),
      ...signOffs.flatMap(({ file, said }) => ofSignOff(file, said, records)),
      ...heads
        .filter(({ forged }) => forged)
        .map(({ system }) => bad('forged', system, `the signature of the head of ${system} does not hold`)),
    ],
    signOffs: signOffs.flatMap(({ file, said, is }) => {
      const of = is !== 'signed' ? undefined : records.find(({ digest }) => digest === said.record);
      return of === undefined ? [] : [{ ...said, file, of: of.file, apart: !tookPart(of.statement, said.by) }];
    }),
  };
}

const ofSystem = (records: readonly Chained[], system: string): readonly Chained[] =>
  records.filter(({ statement }) => statement.place.system === system);
/** A head that was forged says nothing. */
const ofHeads = (heads: Asked['heads'], system: string): readonly KnownHead[] =>
  heads.filter((head) => head.system === system && !head.forged);

function ofSignature({ file, is, key, payloadType, text }: Exhibit): Doubt[] {
  const doubts: Doubt[] = [];
  if (is === 'forged')
    doubts.push(bad('edited', file, 'its signature does not hold: it was edited after it was signed, or somebody else signed it'));
  if (is === 'untrusted') doubts.push(bad('forged', file, `it is signed by a key that is not trusted (${key})`));
  const read = payloadType === recordType ? readStatement(text) : payloadType === signOffType ? readSignOff(text) : undefined;
  if (read === undefined) doubts.push(bad('forged', file, `a statement of the type "${payloadType}" is no record`));
  if (read === null) doubts.push(bad('edited', file, 'what is signed is no record'));
  return doubts;
}

/** Where records are signed, one that is not had its signature taken away, or its worker had no key: both are for people to look at. */
function unsigned(records: readonly Chained[], signOffs: readonly Exhibit[]): Doubt[] {
  const first = (system: string): number =>
    Math.min(...ofSystem(records, system).map(({ is, statement: { place } }) => (is === 'signed' ? (place.number ?? Infinity) : Infinity)));
  return [
    ...records
      .filter(({ is }) => is === 'unsigned')
      .map(({ file, statement: { place } }) =>
        (place.number ?? Infinity) > first(place.system)
          ? bad('unsigned', file, 'it bears no signature, and one before it does: it was taken away, or its worker had no key')
          : unknown('unsigned', file, 'it bears no signature: anybody may have written it'),
      ),
    ...signOffs.filter(({ is }) => is === 'unsigned').map(({ file }) => bad('unsigned', file, 'a sign-off that nobody signed is none')),
  ];
}

function ofOne({ file, beside }: Exhibit, { place, record, report }: Statement): Doubt[] {
  const doubts: Doubt[] = [];
  if (place.system !== record.system)
    doubts.push(bad('swapped', file, `it stands among those of ${place.system}, and is a record of ${record.system}`));
  if (beside.record !== undefined && !sameRecord(beside.record, record))
    doubts.push(bad('edited', file, 'the readable record beside it is not the one that was signed'));
  if (beside.report !== undefined && beside.report !== report)
    doubts.push(bad('edited', file, 'the report beside it is not the one that was made of it'));
  for (const { id, attempts } of record.steps)
    for (const { closedBy } of attempts)
      if (closedBy)
        doubts.push(
          bad('stranger', file, `${id} was completed by ${closedBy}, who is no worker: what it says was not read from the world`),
        );
  return doubts;
}

function ofSignOff(file: string, said: SignOff, records: readonly Chained[]): Doubt[] {
  // Every store has its own copy of a record.
  const copies = records.filter(({ digest }) => digest === said.record);
  if (copies.length === 0)
    return [bad('sign-off', file, `${said.by} signed off a record that is not among these: the record was replaced, or is missing`)];
  if (!copies.some((of) => file.startsWith(baseOf(of.file))))
    return [bad('sign-off', file, `it lies beside another record than the one that ${said.by} signed off, which is ${copies[0]!.file}`)];
  return [];
}

function tookPart({ record }: Statement, name: string): boolean {
  // One of an earlier release names nobody.
  return record.participants?.some((one) => one.name === name) ?? false;
}

const baseOf = (file: string): string => file.replace(/\.dsse\.json$/u, '');

function sameRecord(text: string, record: Statement['record']): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(record);
  } catch {
    return false;
  }
}
