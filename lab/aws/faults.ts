import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askReality } from './cloud.ts';
import { cloudControl, type CloudControl, type CloudFault, type CloudSettings } from './control.ts';
import { accounts, endpointOf, regions, type CloudHome } from './home.ts';

/** A fault of a lab of either size. */
interface Fault<Lab> {
  readonly usage: string;
  readonly summary: string;
  act(lab: Lab, args: readonly string[]): Promise<string>;
  heal?(lab: Lab): Promise<string | null>;
}

/** What lasts until it is healed; the emulator does not tell it. */
type Lasting = Required<Pick<CloudSettings, 'capacity' | 'unreachable'>>;

const kinds: readonly CloudFault['kind'][] = ['refuse', 'lose', 'throttle', 'slow', 'late', 'reset'];

/** What happens to the emulated AWS. @param homeOf the cloud of a lab, null where it has none. */
export function cloudFaults<Lab>(homeOf: (lab: Lab) => CloudHome | null): { readonly [name: string]: Fault<Lab> } {
  const needed = (lab: Lab): CloudHome => {
    const home = homeOf(lab);
    if (!home) throw new Error('This lab has no emulated AWS: "lifeboat lab down", then "lifeboat lab up" without --no-aws.');
    return home;
  };
  const healed = (heal: (home: CloudHome) => Promise<string | null>) => async (lab: Lab) => {
    const home = homeOf(lab);
    return home ? heal(home) : null;
  };
  return {
    'cloud-call': {
      usage: 'SERVICE OPERATION KIND [TIMES]',
      summary: `The next calls of an API, such as ec2 CreateSnapshots, go wrong: ${kinds.join(', ')}.`,
      act: (lab, args) => failCalls(needed(lab), args),
      heal: healed(letCalls),
    },
    'region-down': {
      usage: 'REGION',
      summary: 'Nothing in a region of AWS answers: no API, no database, no instance.',
      act: (lab, [region = '']) => stopRegion(needed(lab), region),
      heal: healed(startRegions),
    },
    'capacity-gone': {
      usage: 'TYPE [ZONE]',
      summary: 'AWS has no capacity for an instance type, in one zone or in all.',
      act: (lab, args) => takeCapacity(needed(lab), args),
      heal: healed(giveCapacity),
    },
  };
}

/** What is wrong with the cloud on purpose, a phrase each. */
export async function faultsOf(home: CloudHome): Promise<string[]> {
  const { capacity, unreachable } = lasting(home);
  const calls = await waiting(home).catch(() => []);
  return [
    ...unreachable.map((region) => `${region} is down`),
    ...capacity.map(({ type, zone }) => `no capacity for ${type}${zone === undefined ? '' : ` in ${zone}`}`),
    ...calls.map((rule) => `${rule.kind}: the next ${rule.times} of ${rule.service} ${rule.operation}`),
  ];
}

async function failCalls(home: CloudHome, [service = '', operation = '', kind = '', times = '1']: readonly string[]): Promise<string> {
  if (!/^[a-z0-9]+$/.test(service) || !/^[A-Z][A-Za-z0-9]+$/.test(operation))
    throw new Error('Name the call as AWS does: cloud-call ec2 CreateSnapshots lose 1.');
  const known = kinds.find((one) => one === kind);
  if (!known) throw new Error(`"${kind}" is no way for a call to go wrong: ${kinds.join(', ')}.`);
  if (!/^[1-9]\d{0,3}$/.test(times)) throw new Error(`"${times}" is no number of calls.`);
  await controlOf(home).faults([...(await waiting(home)), { service, operation, kind: known, times: Number(times) }]);
  return `The next ${times} of ${service} ${operation} ${hows[known]}.`;
}

const hows: { readonly [kind in CloudFault['kind']]: string } = {
  refuse: 'fail with an error before they take effect',
  lose: 'take effect, and their answer is lost',
  throttle: 'are throttled',
  slow: 'are slow by a second',
  late: 'take effect, and are answered late by a second',
  reset: 'are cut off before they take effect',
};

async function letCalls(home: CloudHome): Promise<string | null> {
  if ((await waiting(home)).length === 0) return null;
  await controlOf(home).faults([]);
  return 'Calls of AWS go through again.';
}

/** The rules that have calls left, with how many. */
async function waiting(home: CloudHome): Promise<CloudFault[]> {
  const rules = await controlOf(home).fired();
  return rules.flatMap(({ fired, ...rule }) => {
    const left = (rule.times ?? 1) - fired;
    return left > 0 ? [{ ...rule, times: left }] : [];
  });
}

async function stopRegion(home: CloudHome, region: string): Promise<string> {
  if (!regions.includes(region)) throw new Error(`The lab has no region "${region}". It has ${regions.join(' and ')}.`);
  const { unreachable } = lasting(home);
  await set(home, { unreachable: [...unreachable.filter((one) => one !== region), region] });
  await askReality(home, 'PUT', `/region/${region}`);
  return `Nothing in ${region} answers: no API, no database, no instance.`;
}

async function startRegions(home: CloudHome): Promise<string | null> {
  const { unreachable } = lasting(home);
  if (unreachable.length === 0) return null;
  for (const region of unreachable) await askReality(home, 'DELETE', `/region/${region}`);
  await set(home, { unreachable: [] });
  return `${unreachable.join(' and ')} answers again.`;
}

async function takeCapacity(home: CloudHome, [type = '', zone]: readonly string[]): Promise<string> {
  if (!/^(?:db\.)?[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type)) throw new Error(`"${type}" is no instance type, such as t3.medium.`);
  if (zone !== undefined && !/^[a-z]+(?:-[a-z]+)+-\d[a-z]$/.test(zone)) throw new Error(`"${zone}" is no zone, such as us-west-2a.`);
  const { capacity } = lasting(home);
  await set(home, { capacity: [...capacity, { type, ...(zone === undefined ? {} : { zone }) }] });
  return `AWS has no capacity for ${type} ${zone === undefined ? 'in any zone' : `in ${zone}`}.`;
}

async function giveCapacity(home: CloudHome): Promise<string | null> {
  const { capacity } = lasting(home);
  if (capacity.length === 0) return null;
  await set(home, { capacity: [] });
  return `AWS has capacity for ${[...new Set(capacity.map(({ type }) => type))].join(' and ')} again.`;
}

function controlOf(home: CloudHome): CloudControl {
  return cloudControl(endpointOf(home), Object.values(accounts));
}

async function set(home: CloudHome, settings: Partial<Lasting>): Promise<void> {
  await controlOf(home).settings(settings);
  writeFileSync(lastingFile(home), JSON.stringify({ ...lasting(home), ...settings }));
}

function lasting(home: CloudHome): Lasting {
  const none: Lasting = { capacity: [], unreachable: [] };
  return existsSync(lastingFile(home)) ? { ...none, ...(JSON.parse(readFileSync(lastingFile(home), 'utf8')) as Partial<Lasting>) } : none;
}

const lastingFile = (home: CloudHome): string => join(home.folder, 'cloud-faults.json');
