import type { Attestation } from '../../plan/plan.ts';
import type { Said, SystemState, Word } from '../wire.ts';

/** Words that are remembered. */
const most = 20;

/** What is true once a person has said it by a signal; from the UI it is perhaps nothing but a reason. Pure. */
export function heardWord(state: SystemState, what: Said['what'], word: Word, at: string): SystemState {
  const { by, reason } = read(word);
  const how: Attestation = by === nobody ? 'anonymous' : 'stated';
  const nth = (state.said?.at(-1)?.nth ?? 0) + 1;
  const said = [...(state.said ?? []), { nth, at, by, how, what, reason }].slice(-most);
  if (what === 'stopped') return { ...state, said, stopped: { by, at, reason } };
  return what === 'allowed' ? { ...state, said, stopped: null } : { ...state, said, rest: null };
}

/** Who said the nth word, once the server has told: what it computed goes before what was stated, and what was stated before nothing. Pure. */
export function attributed(
  state: SystemState,
  nth: number,
  sender: { readonly by: string | null; readonly how: Attestation },
): SystemState {
  const { by, how } = sender;
  const one = state.said?.find((said) => said.nth === nth);
  if (one === undefined || by === null || (how !== 'attested' && one.by !== nobody)) return state;
  return {
    ...state,
    said: state.said!.map((said) => (said === one ? { ...said, by, how } : said)),
    // The last word that stopped it is why it is stopped.
    ...(state.stopped && one === state.said?.findLast(({ what }) => what === 'stopped') ? { stopped: { ...state.stopped, by } } : {}),
  };
}

const nobody = 'somebody';

function read(word: Word): { readonly by: string; readonly reason: string } {
  const { by, reason } = typeof word === 'string' ? { by: undefined, reason: word } : (word ?? {});
  return { by: text(by) || nobody, reason: text(reason) || 'no reason was given' };
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 500) : '');
