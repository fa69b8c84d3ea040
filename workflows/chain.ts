/** Head of the chain of a system's records: how many there are, and the SHA-256 of the newest one's signed statement, hex. */
export interface Head {
  readonly count: number;
  readonly digest: string;
  readonly at: string;
  /** Of system, count and digest, Ed25519, base64. Absent: no key is named. */
  readonly signature?: string;
}
/** Update `chain` of the workflow `system`: puts a record behind the one that is the head. */
export interface ChainRequest {
  /** The head that the record names as its previous one; null: the first. */
  readonly previous: string | null;
  readonly digest: string;
  /** Run id; one record for each. */
  readonly runId: string;
  readonly workflowId?: string;
  /** Of the head that it becomes. */
  readonly signature?: string;
}
/** A place in the chain. */
export interface Link {
  readonly runId: string;
  /** Where its record can be made again, for a store that was away. Absent: not known. */
  readonly workflowId?: string;
  readonly count: number;
  readonly digest: string;
  readonly previous: string | null;
}
export type ChainAnswer =
  /** The record's place; of a run that has one already, that place. */
  | { readonly taken: true; readonly link: Link }
  /** Another record came first: make it again behind this head. */
  | { readonly taken: false; readonly head: Head | null };
