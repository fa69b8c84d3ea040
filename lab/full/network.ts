import { address, nameOf, namespaceOf, type FullLab } from './full-lab.ts';
import { devices, machines, sites, switchOf, workplaces } from './shape.ts';
import { attempt, ip, tool, withinNet } from './tool.ts';

/**
 * Two sites (a switch each), the router between them and hq, and a wire to every host. The first thing that is made, and the last that
 * is removed, is a black hole: what is meant for the lab never leaves this machine by the default route.
 */
export async function layNetwork(lab: FullLab): Promise<void> {
  const name = (part: string): string => nameOf(lab, part);
  await ip(null, [`route replace blackhole ${address(lab, '0.0')}/16 metric 9999`]);
  await ip(null, [
    ...parts().map((part) => `netns add ${name(part)}`),
    `link add ${name('hq')} type veth peer name hq netns ${name('wan')}`,
    ...sites.map((site) => `link add ${site} netns ${name('wan')} type veth peer name wan netns ${name(switchOf[site]!)}`),
    ...wires().map(({ part, wire }) => `link add ${part} netns ${name(wire)} type veth peer name eth0 netns ${name(part)}`),
  ]);
  await Promise.all([
    ip(name('wan'), [
      'link set lo up',
      'link add br0 type bridge',
      `addr add ${address(lab, devices['wan']!.at)}/24 dev br0`,
      'link set br0 up',
      'link set hq master br0 up',
      'link set edge master br0 up',
      ...sites.flatMap((site) => [`addr add ${gateway(lab, site)}/24 dev ${site}`, `link set ${site} up`]),
    ]),
    ...sites.map((site) => ip(name(switchOf[site]!), switchLines(lab, site))),
    ...wires().map(({ part }) => ip(name(part), ['link set lo up', ...plugLines(lab, part)])),
  ]);
  await tool(withinNet(namespaceOf(lab, 'wan'), ['sysctl', '-qw', 'net.ipv4.ip_forward=1']));
  await ip(null, [
    `addr add ${address(lab, '0.1')}/24 dev ${name('hq')}`,
    `link set ${name('hq')} up`,
    `route add ${address(lab, '0.0')}/16 via ${address(lab, devices['wan']!.at)} dev ${name('hq')} metric 10`,
  ]);
}

/** A host's end of its wire, with power. Its routes come and go with it; the port of the switch stays as it was set. */
export async function plug(lab: FullLab, part: string): Promise<void> {
  await ip(nameOf(lab, part), plugLines(lab, part));
}

/** A host without power has no light on its wire: nothing answers, no reset either. */
export async function unplug(lab: FullLab, part: string): Promise<void> {
  await attempt(['ip', '-n', nameOf(lab, part), 'link', 'set', 'eth0', 'down']);
}

/** Removes what {@link layNetwork} made, also half of it. MUST come after the last process of the lab. */
export async function removeNetwork(lab: FullLab): Promise<void> {
  for (const part of parts()) await attempt(['ip', 'netns', 'del', nameOf(lab, part)]);
  await attempt(['ip', 'link', 'del', nameOf(lab, 'hq')]);
  await attempt(['ip', 'route', 'del', 'blackhole', `${address(lab, '0.0')}/16`, 'metric', '9999']);
}

/** Every namespace of the lab. */
export function parts(): readonly string[] {
  return [...Object.keys(devices), ...wires().map(({ part }) => part)];
}

interface Wire {
  readonly part: string;
  readonly wire: string;
  readonly at: string;
}

function wires(): readonly Wire[] {
  return [
    ...Object.entries(machines).map(([part, { wire, at }]) => ({ part, wire, at })),
    ...Object.values(workplaces).map(({ name, wire, at }) => ({ part: name, wire, at })),
  ];
}

function switchLines(lab: FullLab, site: string): string[] {
  const here = switchOf[site]!;
  const controllers = Object.values(machines).flatMap(({ wire, controller }) => (wire === here && controller ? [controller] : []));
  return [
    'link set lo up',
    'link add br0 type bridge',
    ...[devices[here]!.at, ...controllers].map((at) => `addr add ${address(lab, at)}/24 dev br0`),
    'link set br0 up',
    'link set wan master br0 up',
    ...wires()
      .filter(({ wire }) => wire === here)
      .map(({ part }) => `link set ${part} master br0 up`),
    `route add default via ${gateway(lab, site)}`,
  ];
}

function plugLines(lab: FullLab, part: string): string[] {
  const { at, wire } = wires().find((one) => one.part === part)!;
  const site = sites.find((one) => switchOf[one] === wire);
  return [
    `addr replace ${address(lab, at)}/24 dev eth0`,
    'link set eth0 up',
    `route replace default via ${site ? gateway(lab, site) : address(lab, devices['wan']!.at)}`,
  ];
}

const gateway = (lab: FullLab, site: string): string => address(lab, site === 'site-a' ? '1.1' : '2.1');
