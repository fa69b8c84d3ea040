import type { BorrowInput, ReturnInput } from '../wire.ts';

/** Who asks for the system; `evict` names a holder that is known to run no longer. */
export type BorrowRequest = BorrowInput & {
  readonly workflowId: string;
  readonly runId: string;
  readonly evict?: string;
};
export type ReturnRequest = ReturnInput & { readonly workflowId: string; readonly runId: string };
