import type { Forecast } from './forecast.ts';

/** How long a run will take, in one line: `about 42 s, nine of ten between 30 s and 1 min; from 6 runs`. `words`: how a duration is said. */
export function inShort({ runs, median, from, until, unmeasured }: Forecast, words: (milliseconds: number) => string): string {
  if (runs === 0) return `about ${words(median)} by what is usual for its step types: nothing like it was ever measured`;
  const open =
    unmeasured.length === 0 ? '' : `; ${unmeasured.length === 1 ? '1 step was' : `${unmeasured.length} steps were`} never measured`;
  return `about ${words(median)}, nine of ten between ${words(from)} and ${words(until)}; from ${runs === 1 ? '1 run' : `${runs} runs and rehearsals`}${open}`;
}

/** What else is to be known of it, one sentence each. */
export function inFull({ runs, longest, unmeasured, helps }: Forecast, words: (milliseconds: number) => string): string[] {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  // Of what was never measured nobody knows what shortening it would help.
  const known = helps.filter(({ step }) => !unmeasured.includes(step));
  const most = known.map(
    ({ step, critical, gain }) => `${step} (half of it: ${words(gain)} less; on the longest path in ${percent(critical)})`,
  );
  return [
    ...(longest === null || longest.of < 2
      ? []
      : [
          `The longest so far took ${words(longest.took)}: of ${longest.of} runs by all of its steps no more can be said than that the next takes no longer in ${percent(longest.odds)}.`,
        ]),
    ...(unmeasured.length === 0 || runs === 0
      ? []
      : [`Never measured, so what is usual for its type: ${unmeasured.slice(0, 10).join(', ')}${unmeasured.length > 10 ? ' …' : ''}.`]),
    ...(runs === 0 || most.length === 0 ? [] : [`Shortening would help most at ${most.join(', ')}.`]),
  ];
}
