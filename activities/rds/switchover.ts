import { step } from '../step.ts';
import { StepError } from '../error.ts';
import { expected, mayMove, moved, moveIam, moveInput, moveOutput, moveWriter } from './move-writer.ts';

export default step({
  name: 'rds.switchover',
  summary:
    'Moves the writer of a global cluster of Aurora to another region without loss, in a planned run and once rds.isolate keeps clients from the old one, and reads back that it moved.',
  effect: 'change',
  requires: ['fence', 'shutdown'],
  commits: true,
  promotes: true,
  expected,
  timeout: '30 minutes',
  retry: { times: 5, wait: '2 seconds' },
  input: moveInput,
  output: moveOutput,
  example: { site: 'us-west-2', id: 'shop-west', global: 'shop' },
  permissions: [
    "Where the inventory gives `rds.login`: TCP from the worker to the cluster's port, and that login with the role pg_monitor.",
  ],
  iam: { preflight: moveIam.preflight, execute: moveIam.execute('Switchover') },
  preflight: (wanted, context) => mayMove(wanted, context),

  async execute(wanted, context) {
    // Aurora waits for the old writer to hand over: in an unplanned run there is none that could.
    if (context.run.mode !== 'planned')
      throw new StepError(
        'planned-only',
        'rds.switchover needs the old writer to hand over: mark the step `only: planned`, and use rds.failover where it is lost.',
        'mistake',
      );
    await moveWriter(wanted, false, context);
  },

  verify: (wanted, context) => moved(wanted, context),
  rehearse: { none: 'A global cluster has one writer, and that serves; only a planned switchover proves it.' },
  undo: { none: 'The writer moves back by another switchover.' },
});
