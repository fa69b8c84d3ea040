/** Where one asks from, and with what. A step's context is one. */
export interface Asker {
  /** A site's name, or `outside`. */
  readonly viewpoint: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** Resolves `env:NAME`, `file:PATH` or `aws:SITE:NAME`. The value MUST NOT reach an output, an error, evidence or a log. */
  secret(reference: string): Promise<string>;
}
