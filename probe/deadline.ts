/**
 * What `work` gives, or a rejection once it takes longer than `within` milliseconds. A process that was itself held up first
 * looks at what has come in meanwhile: its own pause is no outage.
 */
export function withDeadline<T>(work: Promise<T>, within: number, what: string): Promise<T> {
  return new Promise((done, fail) => {
    const late = (): void => fail(new Error(`${what}: no answer within ${within} ms`));
    const timer = setTimeout(() => setImmediate(() => setImmediate(late)), within);
    work.then(done, fail).finally(() => clearTimeout(timer));
  });
}
