import type { RunRecord } from '../schema/run.ts';

export const recordType = 'application/vnd.lifeboat.record+json';
export const signOffType = 'application/vnd.lifeboat.sign-off+json';

/** Where a record stands among those of its system. */
export interface Place {
  readonly system: string;
  /** From 1, without a gap; null: the workflow of the system did not answer, and the record stands in no chain. */
  readonly number: number | null;
  /** Digest of the statement before it; null: it is the first, or stands in no chain. */
  readonly previous: string | null;
}

/** What is signed: a record, where it stands, and the report that was made of it. */
export interface Statement {
  readonly format: 1;
  readonly place: Place;
  /** SHA-256 of the report's bytes, hex. */
  readonly report: string;
  readonly record: RunRecord;
}

/** The text of a statement: the same for the same record, report and place, wherever it is made. */
export function statementText(record: RunRecord, report: string, place: Place): string {
  const { system, number, previous } = place;
  const statement: Statement = { format: 1, place: { system, number, previous }, report, record };
  return JSON.stringify(statement);
}

/** A second signed statement, by a person, that points to a record and never changes it. */
export interface SignOff {
  readonly format: 1;
  readonly system: string;
  /** Digest of the record's statement, hex. */
  readonly record: string;
  readonly by: string;
  readonly role: string | null;
  readonly at: string;
  readonly words: string;
}

/** Null: it is no statement of that kind. */
export function readStatement(text: string): Statement | null {
  const value = parsed(text) as Partial<Statement> | null;
  const { format, place, record } = value ?? {};
  return format === 1 && isPlace(place) && typeof record?.system === 'string' && Array.isArray(record.steps) && record.steps.every(isStep)
    ? (value as Statement)
    : null;
}

function isPlace(place: Partial<Place> | null | undefined): boolean {
  const { system, number } = place ?? {};
  return typeof system === 'string' && (number === null || (Number.isInteger(number) && number! > 0));
}

const isStep = (step: { readonly attempts?: unknown } | null): boolean => Array.isArray(step?.attempts);

export function readSignOff(text: string): SignOff | null {
  const value = parsed(text) as Partial<SignOff> | null;
  return value?.format === 1 && typeof value.record === 'string' && typeof value.by === 'string' ? (value as SignOff) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
