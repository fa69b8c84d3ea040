/** A signed file as it was found, its signature looked at. */
export interface Exhibit {
  readonly file: string;
  readonly payloadType: string;
  /**
   * What the signature is worth. `forged`: it names a key that is trusted, and does not hold. `untrusted`: no key that is trusted
   * made it.
   */
  readonly is: 'signed' | 'unsigned' | 'forged' | 'untrusted';
  /** Key that it names; empty where there is none. */
  readonly key: string;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly digest: string;
  /** What lies next to it under the same name: the readable record, and the SHA-256 of the report. */
  readonly beside: { readonly record?: string; readonly report?: string };
}
