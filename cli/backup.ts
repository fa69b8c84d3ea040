import { starting } from './starting.ts';

export default starting('backup', {
  summary: 'Backs a system, or every system of a site, up and proves it by a restore elsewhere; nobody is asked.',
  usage: 'SYSTEM|--site SITE [--runbook NAME] [--param NAME=VALUE …]',
});
