/** One of the two servers whose rows are compared: in one database, with {@link ../scratch.ts sameText} set. */
export interface Side {
  rows<Row extends object>(sql: string): Promise<Row[]>;
}

/** A server that does not have what is asked for. */
export const nowhere: Side = { rows: async () => [] };

/** The old primary and the server that serves, and which of their rows were written after they parted. */
export interface Sides {
  readonly old: Side;
  readonly serving: Side;
  /** The oldest transaction committed on the old primary after the fork; null: none was. Undefined: not known, the log is gone. */
  readonly oldest: number | null | undefined;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Whether a row was written by the old primary after the fork; true where that is not known. */
export function recent(oldest: Sides['oldest']): string {
  if (oldest === undefined) return 'true';
  return oldest === null ? 'false' : `age(t.xmin) <= age('${oldest}'::xid)`;
}
