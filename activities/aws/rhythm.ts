/**
 * When to look again at something that takes its time. Pure: no clock, no chance. All times are milliseconds.
 *
 * MUST hold: from one look to the next passes less than the larger of one second and 5 % of the wait so far; a tenth is left for the
 * call itself. So readiness is noticed within that rule however wrong the expectation is; the expectation only says where
 * it pays to look more often.
 */
const pays = 2;
const rule = { least: 900, share: 0.045 };

export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * How long until the next look. `likely`: when it is expected to be ready, counted from the start of the wait. `together`: how many are
 * looked at by the one call.
 */
export function gap(elapsed: number, likely: Span, together: number): number {
  const coarse = most(elapsed);
  // Half as many looks again as the way to it took: for a single wait that pays. What is looked at with many others is looked at often.
  const fine = Math.max(200, (likely.from / (pays * looks(likely.from))) * Math.sqrt(together));
  if (elapsed >= likely.from) return Math.min(coarse, fine * Math.max(1, elapsed / (2 * likely.until)));
  // The last look before it, not one just behind its beginning.
  return Math.min(coarse, Math.max(fine, likely.from - elapsed));
}

function most(elapsed: number): number {
  return elapsed < 1_000 ? Math.min(rule.least, Math.max(100, elapsed)) : Math.max(rule.least, rule.share * elapsed);
}

/** How many looks the rule takes until then. */
function looks(elapsed: number): number {
  const turn = rule.least / rule.share;
  if (elapsed <= turn) return 1 + elapsed / rule.least;
  return turn / rule.least + Math.log(elapsed / turn) / Math.log(1 + rule.share);
}

/** Durations that were seen, as parts of what was expected; the newest 32 of each kind. */
const seen = new Map<string, number[]>();

/** Keeps how long one of a kind took, beside what was expected. */
export function learn(kind: string, took: number, expected: number): void {
  if (took <= 0 || expected <= 0) return;
  const ratios = seen.get(kind) ?? [];
  ratios.push(Math.log(took / expected));
  seen.set(kind, ratios.slice(-32));
}

/** When one of a kind is likely to be ready: by what it says itself of how far it is, else by those seen before, else by what is expected. */
export function likely(kind: string, expected: number, elapsed: number, percent?: number): Span {
  const known = learnt(kind, expected);
  if (percent === undefined || percent < 5 || elapsed <= 0) return known;
  const whole = (elapsed * 100) / Math.min(percent, 100);
  const doubt = 0.03 + 0.5 * (1 - Math.min(percent, 100) / 100);
  const told = { from: whole * (1 - doubt), until: whole * (1 + doubt) };
  return told.until - told.from < known.until - known.from ? told : known;
}

function learnt(kind: string, expected: number): Span {
  const ratios = seen.get(kind) ?? [];
  const count = ratios.length;
  const mean = count === 0 ? 0 : ratios.reduce((sum, ratio) => sum + ratio, 0) / count;
  const variance = count < 4 ? 0.1 : ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (count - 1);
  const doubt = Math.max(0.02, 2 * Math.sqrt(variance));
  return { from: expected * Math.exp(mean - doubt), until: expected * Math.exp(mean + doubt) };
}
