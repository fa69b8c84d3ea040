/** What each signal is made of, for as long as it lives. */
const held = new WeakMap<AbortSignal, readonly AbortSignal[]>();

/**
 * A signal that is aborted with another, or after so many milliseconds. MUST be used in place of
 * `AbortSignal.any([signal, AbortSignal.timeout(…)])`: that holds its sources weakly, so that in Node 20 a collection of garbage takes
 * the limit away.
 */
export function limited(signal: AbortSignal, milliseconds: number): AbortSignal {
  const late = AbortSignal.timeout(milliseconds);
  const either = AbortSignal.any([signal, late]);
  held.set(either, [signal, late]);
  return either;
}
