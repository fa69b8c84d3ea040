import { starting } from './starting.ts';

export default starting('failback', {
  summary: 'Moves a system back to the site that the other one replaced, and leaves it protected as before.',
  usage: 'SYSTEM [--param NAME=VALUE …]',
});
