import { estate } from '../estate-client.ts';
import type { Fault } from '../fault.ts';
import { hostOf, outside, type Lab } from '../lab.ts';
import type { Cut, Service } from '../lines.ts';
import { primaryOf } from '../status.ts';

/** What happens to the lines. A dead line takes connections and swallows what is sent: nobody is told. */
export const lineFaults: { readonly [name: string]: Fault } = {
  'cut-replication': {
    usage: '',
    summary: 'Cuts replication between the members, and nothing else.',
    act: (lab) => cut(lab, { name: 'cut-replication', service: 'replication' }, 'Replication between the sites is cut.'),
    heal: (lab) => mend(lab, 'cut-replication'),
  },
  'cut-link': {
    usage: '[FROM TO]',
    summary: "Cuts one site's whole view of the other: by default the standby's of the primary.",
    async act(lab, [from, to]) {
      const seen = to ?? hostOf(lab, primaryOf(lab)).site;
      const seer = from ?? Object.keys(lab.sites).find((site) => site !== seen)!;
      knownView(lab, seer);
      knownSite(lab, seen);
      return cut(lab, { name: 'cut-link', from: seer, to: seen }, `${seer} sees nothing of ${seen}; others do.`);
    },
    heal: (lab) => mend(lab, 'cut-link'),
  },
  'cut-site': {
    usage: 'SITE',
    summary: 'Cuts a site off at its router, its power controllers included; inside it everything goes on.',
    async act(lab, [site = '']) {
      knownSite(lab, site);
      return cut(lab, { name: 'cut-site', border: site }, `Nothing goes in or out of ${site}; inside it everything goes on.`);
    },
    heal: (lab) => mend(lab, 'cut-site'),
  },
  cut: {
    usage: 'VIEWPOINT HOST:PORT',
    summary: 'Cuts the line from one viewpoint to one port (22 or 5432) of one host.',
    async act(lab, [from = '', to = '']) {
      const [host = '', port = ''] = to.split(':');
      knownView(lab, from);
      hostOf(lab, host);
      if (port !== '22' && port !== '5432') throw new Error(`"${to}" is no port of a host: name it as HOST:22 or HOST:5432.`);
      return cut(lab, { name: 'cut', from, host, service: port as Service }, `${from} does not reach ${host}:${port}.`);
    },
    heal: (lab) => mend(lab, 'cut'),
  },
};

async function cut(lab: Lab, { name, ...what }: Cut, said: string): Promise<string> {
  const count = await estate(lab, 'PUT', `/cut/${name}`, what);
  return `${said} ${String(count)} lines are dead.`;
}

async function mend(lab: Lab, name: string): Promise<string | null> {
  const { cuts } = (await estate(lab, 'GET', '/state')) as { cuts: readonly Cut[] };
  if (!cuts.some((one) => one.name === name)) return null;
  await estate(lab, 'DELETE', `/cut/${name}`);
  return `${name} is healed.`;
}

function knownSite(lab: Lab, site: string): void {
  if (!lab.sites[site]) throw new Error(`The lab has no site "${site}". It has ${Object.keys(lab.sites).join(' and ')}.`);
}

function knownView(lab: Lab, viewpoint: string): void {
  if (viewpoint !== outside) knownSite(lab, viewpoint);
}
