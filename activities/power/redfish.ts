import { z } from 'zod';
import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import type { Controller, PowerState } from './controller.ts';
import { request, type RedfishOrder } from './redfish-request.ts';
import type { RestorePolicy } from './restore-policy.ts';

const list = z.object({ Members: z.array(z.object({ '@odata.id': z.string() })) });
const machine = z.object({
  PowerState: z.string().nullish(),
  Name: z.string().nullish(),
  PowerRestorePolicy: z.string().nullish(),
  '@odata.etag': z.string().nullish(),
});
const states: { readonly [word: string]: PowerState } = { On: 'on', Off: 'off' };
const policies: { readonly [word: string]: RestorePolicy } = { AlwaysOn: 'always-on', AlwaysOff: 'always-off', LastState: 'last-state' };

/** A controller that speaks DMTF Redfish. */
export function redfish(host: HostFacts, ask: Asker): Controller {
  const facts = host.power as PowerFacts;
  const base = baseOf(host, facts);
  let found: Promise<string> | undefined;
  const call = (path: string, order?: RedfishOrder): Promise<unknown> => request(new URL(path, base), facts, host.name, ask, order);
  const place = async (): Promise<string> => {
    found ??= find(call, facts, host.name);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
  return {
    async state() {
      const word = machine.safeParse(await call(await place())).data?.PowerState ?? 'nothing';
      return { state: (Object.hasOwn(states, word) ? states[word] : undefined) ?? 'other', word };
    },
    async press(wanted) {
      const body = { ResetType: wanted === 'off' ? 'ForceOff' : 'On' };
      await call(`${await place()}/Actions/ComputerSystem.Reset`, { method: 'POST', body });
    },
    restore: {
      async read() {
        const word = machine.safeParse(await call(await place())).data?.PowerRestorePolicy ?? '';
        return Object.hasOwn(policies, word) ? policies[word] : undefined;
      },
      async set(policy) {
        const etag = machine.safeParse(await call(await place())).data?.['@odata.etag'] ?? undefined;
        const word = Object.keys(policies).find((one) => policies[one] === policy);
        await call(await place(), { method: 'PATCH', body: { PowerRestorePolicy: word }, etag });
      },
    },
  };
}

/** The path of the machine: the one that the inventory names, else the only one. */
async function find(call: (path: string) => Promise<unknown>, facts: PowerFacts, name: string): Promise<string> {
  const answer = list.safeParse(await call('/redfish/v1/Systems'));
  if (!answer.success)
    throw new StepError(
      'power-not-redfish',
      `The controller of ${name} does not answer as Redfish does: check \`power.address\`.`,
      'person',
    );
  const paths = answer.data.Members.map((member) => member['@odata.id'].replace(/\/$/, ''));
  if (facts.system === undefined) {
    if (paths.length === 1 && paths[0]) return paths[0];
    const names = paths.map((path) => path.split('/').at(-1)).join(', ');
    throw new StepError(
      'which-machine',
      `The controller of ${name} has ${paths.length} machines (${names}): name the right one as \`power.system\`.`,
      'mistake',
    );
  }
  const byId = paths.find((path) => path.split('/').at(-1) === facts.system);
  if (byId) return byId;
  for (const path of paths) if (machine.safeParse(await call(path)).data?.Name === facts.system) return path;
  throw new StepError('wrong-machine', `The controller of ${name} has no machine "${facts.system}": correct \`power.system\`.`, 'mistake');
}

function baseOf(host: HostFacts, facts: PowerFacts): URL {
  const url = URL.canParse(facts.address) ? new URL(facts.address) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new StepError(
    'power-address',
    `The controller of ${host.name} has the address "${facts.address}": it must begin with https://.`,
    'mistake',
  );
}
