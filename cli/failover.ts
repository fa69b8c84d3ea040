import { modeOptions, requiredMode } from './begin.ts';
import { causeOf, causeOption } from './cause.ts';
import { starting } from './starting.ts';

export default starting(
  'failover',
  {
    summary: 'Moves a system, or every system of a site, to its other site, and follows the run to its end.',
    usage: 'SYSTEM|--site SITE --planned|--unplanned [--cause CAUSE] [--param NAME=VALUE …]',
    options: { ...modeOptions, ...causeOption },
  },
  async (args) => {
    const mode = requiredMode(args, 'failover');
    return { mode, ...(await causeOf(args, mode)) };
  },
);
