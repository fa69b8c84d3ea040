import { starting } from './starting.ts';

export default starting('failback', {
  summary: 'Moves a system, or every system of a site, back to the site that the other one replaced, and leaves it protected as before.',
  usage: 'SYSTEM|--site SITE [--param NAME=VALUE …]',
});
