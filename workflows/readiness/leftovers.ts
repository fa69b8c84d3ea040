import { control, problemOf } from '../activities.ts';
import { siteQueue, type Look, type SweepResult } from '../wire.ts';

/** How long what does not go is waited for, milliseconds. */
const within = 6_000;

/** Takes away what rehearsals left that is expired, and tells what stays. */
export async function leftovers(system: string): Promise<readonly Look[]> {
  try {
    const places = await control(`where rehearsals of ${system} leave something`, { scheduleToCloseTimeout: '5 seconds' })['run.places']({
      system,
    });
    return await Promise.all(
      Object.entries(places).map(async ([site, place]) => {
        const sweep = control(`what rehearsals left at ${site}`, {
          taskQueue: siteQueue(site),
          startToCloseTimeout: within + 3_000,
          scheduleToCloseTimeout: within + 4_000,
        });
        const call = { system, place, of: null, which: 'expired' as const, remove: true, within };
        return sweep['run.sweep'](call).then(
          (result) => swept(site, result),
          (error: unknown) => notSwept(site, error),
        );
      }),
    );
  } catch (error) {
    return [notSwept('any site', error)];
  }
}

function swept(site: string, { removed, left, problems }: SweepResult): Look {
  const names = (all: SweepResult['left']): string => all.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const text = [...(left.length > 0 ? [`Expired, and still there at ${site}: ${names(left)}.`] : []), ...problems].join(' ');
  return {
    subject: `leftovers at ${site}`,
    answered: true,
    seen: removed.length > 0 ? [`Taken away at ${site}: ${names(removed)}.`] : [],
    problems: text === '' ? [] : [{ code: 'left-over', weight: 'should', text: `${text} lifeboat sweep` }],
  };
}

/** That no worker answers there is told elsewhere. */
function notSwept(site: string, error: unknown): Look {
  const { code, text } = problemOf(error);
  const late = code.startsWith('timeout');
  return {
    subject: `leftovers at ${site}`,
    answered: false,
    seen: [],
    problems: late ? [] : [{ code: 'not-swept', weight: 'should', text }],
  };
}
