import { starting } from './starting.ts';

export default starting('restore', {
  summary: 'Restores a system from its backups, to a point in time where the runbook takes one.',
  usage: 'SYSTEM [--runbook NAME] [--param NAME=VALUE …]',
});
