import type { Loan, SystemState } from '../wire.ts';
import { wordOf } from './state-text.ts';
import { summaryOf } from './summary.ts';

/** What is read of a system with no worker alive. Pure. */
export function memoOf(state: SystemState): { readonly loan: Loan; readonly summary: unknown; readonly backups?: SystemState['backups'] } {
  const { backups = [] } = state;
  return { loan: loanOf(state), summary: summaryOf(state), ...(backups.length > 0 ? { backups } : {}) };
}

/** Search attributes by name, of those that the server knows: another would fail the workflow task for ever. Pure. */
export function attributesOf(state: SystemState): readonly (readonly [name: string, value: string])[] {
  const values = { LifeboatSystem: state.system, LifeboatKind: 'system', LifeboatState: wordOf(state) };
  return Object.entries(values).filter(([name]) => state.attributes?.includes(name));
}

function loanOf({ epoch, active, holder, stopped }: SystemState): Loan {
  return {
    epoch,
    active,
    runId: holder?.runId ?? null,
    ...(stopped ? { stopped: `${stopped.by} at ${stopped.at}: ${stopped.reason}`.slice(0, 500) } : {}),
  };
}
