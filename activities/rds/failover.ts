import { step } from '../step.ts';
import { expected, mayMove, moved, moveIam, moveInput, moveOutput, moveWriter } from './move-writer.ts';

export default step({
  name: 'rds.failover',
  summary:
    'Makes a cluster in another region the writer of a global cluster of Aurora once the old one is proven cut off, losing what was not replicated, and reads back that it moved.',
  effect: 'change',
  requires: ['fence', 'shutdown'],
  commits: true,
  promotes: true,
  expected,
  timeout: '1 hour',
  retry: { times: 5, wait: '2 seconds' },
  input: moveInput,
  output: moveOutput,
  example: { site: 'us-west-2', id: 'shop-west', global: 'shop' },
  permissions: [
    "Where the inventory gives `rds.login`: TCP from the worker to the cluster's port, and that login with the role pg_monitor.",
  ],
  iam: { preflight: moveIam.preflight, execute: moveIam.execute('Failover') },
  preflight: (wanted, context) => mayMove(wanted, context),
  execute: (wanted, context) => moveWriter(wanted, true, context),
  verify: (wanted, context) => moved(wanted, context),
  rehearse: { none: 'A global cluster has one writer, and that serves; only a live exercise proves it.' },
  undo: { none: 'What the old writer alone had is lost to the global cluster; it moves back by rds.switchover.' },
});
