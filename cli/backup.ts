import { starting } from './starting.ts';

export default starting('backup', {
  summary: 'Backs a system up and proves it by a restore elsewhere; nobody is asked.',
  usage: 'SYSTEM [--runbook NAME] [--param NAME=VALUE …]',
});
