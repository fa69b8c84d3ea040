import { estate } from '../estate-client.ts';
import type { Fault } from '../fault.ts';
import { hostOf } from '../lab.ts';

/** What a person does at the machine itself. */
export const powerFaults: { readonly [name: string]: Fault } = {
  power: {
    usage: 'HOST on|off',
    summary: 'Somebody presses the real button of a machine, past its controller.',
    async act(lab, [host = '', how = '']) {
      hostOf(lab, host);
      if (how !== 'on' && how !== 'off') throw new Error(`Say which: power ${host} on, or off.`);
      const { power } = (await estate(lab, 'POST', `/power/${host}/${how}`)) as { power: string };
      return `Somebody pressed the button of ${host}: its power is ${power}.`;
    },
  },
};
