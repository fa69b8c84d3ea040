import { makeContinueAsNewFunc, setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { SystemState } from '../wire.ts';
import { attributesOf, memoOf } from './memo.ts';
import { systemDetails } from './state-text.ts';

/**
 * Shows the state where it is read with no worker alive (memos, search attributes), and on its page in the UI. Only what has changed is
 * written: each writing is an event of the history.
 */
export function display(): (state: SystemState) => void {
  const written = new Map<string, string>();
  const changed = (field: string, value: unknown): boolean => {
    const text = JSON.stringify(value);
    if (written.get(field) === text) return false;
    written.set(field, text);
    return true;
  };
  return (state) => {
    const { loan, summary, backups } = memoOf(state);
    if (changed('loan', loan)) upsertMemo({ loan });
    if (changed('summary', summary)) upsertMemo({ summary });
    if (backups !== undefined && changed('backups', backups)) upsertMemo({ backups });
    const attributes = attributesOf(state);
    if (attributes.length > 0 && changed('attributes', attributes)) upsertSearchAttributes(pairs(attributes));
    setCurrentDetails(systemDetails(state));
  };
}

/** Begins its next run, which is seen from its first moment as it is: without its memo nobody would hold the system for a while. */
export function goOnAsNew(state: SystemState): Promise<never> {
  const next = makeContinueAsNewFunc<(name: string, carried: SystemState) => Promise<void>>({
    memo: { ...memoOf(state) },
    typedSearchAttributes: pairs(attributesOf(state)),
    workflowTaskTimeout: '3 seconds',
  });
  return next(state.system, state);
}

const pairs = (attributes: ReturnType<typeof attributesOf>) =>
  attributes.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value }));
