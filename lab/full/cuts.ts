import { namespaceOf, type FullLab } from './full-lab.ts';
import { sites, switchOf } from './shape.ts';
import { attempt, tool, withinNet } from './tool.ts';

/** Faults of the lines, at the router, where a dead line is: packets vanish, routes stay, nobody is told. */
export async function cutSite(lab: FullLab, site: string): Promise<void> {
  const both = [`iifname "${site}" drop`, `oifname "${site}" drop`];
  await rules(lab, `cut_${word(site)}`, { forward: both, input: [both[0]!], output: [both[1]!] });
}

/** Only from each other: hq reaches both. */
export async function cutBetween(lab: FullLab): Promise<void> {
  const [a, b] = sites;
  await rules(lab, 'between', { forward: [`iifname "${a}" oifname "${b}" drop`, `iifname "${b}" oifname "${a}" drop`] });
}

/** Of a hundred packets in each direction so many vanish. */
export async function losePackets(lab: FullLab, site: string, percent: number): Promise<void> {
  const lost = `numgen random mod 100 < ${percent} drop`;
  await rules(lab, `loss_${word(site)}`, { forward: [`iifname "${site}" ${lost}`, `oifname "${site}" ${lost}`] });
}

/** A line of so many kilobits a second, in each direction. */
export async function thinLine(lab: FullLab, site: string, kbit: number): Promise<void> {
  for (const [part, device] of ends(site))
    await tool(withinNet(namespaceOf(lab, part), ['tc', 'qdisc', 'replace', 'dev', device, ...bucket(kbit)]));
}

export async function widenLine(lab: FullLab, site: string): Promise<void> {
  for (const [part, device] of ends(site)) await attempt(withinNet(namespaceOf(lab, part), ['tc', 'qdisc', 'del', 'dev', device, 'root']));
}

/** Ends faults by the beginning of their tables' names: `fault_…`, or `lifeboat_…` for what the router was told to cut. Returns how many there were. */
export async function mend(lab: FullLab, beginning: string): Promise<number> {
  const found = (await tables(lab)).filter((name) => name.startsWith(beginning));
  for (const name of found) await nft(lab, `delete table inet ${name}\n`);
  return found.length;
}

/** What does not flow now, a phrase each: by faults, and by a device that was told to cut. */
export async function cuts(lab: FullLab): Promise<string[]> {
  const found = (await tables(lab)).map((name) =>
    name
      .replace(/^fault_/, 'fault: ')
      .replace(/^lifeboat_/, 'cut at the router: ')
      .replaceAll('_', '-'),
  );
  for (const site of sites) if (await isThin(lab, site)) found.push(`fault: thin-${site}`);
  for (const part of Object.values(switchOf)) {
    const { out } = await attempt(['ip', '-n', `lb${lab.net}-${part}`, '-o', 'link', 'show', 'master', 'br0']);
    for (const [, port, flags = ''] of out.matchAll(/^\d+: ([^@:]+)\S* <([^>]*)>/gm))
      if (!flags.split(',').includes('UP')) found.push(`cut at ${part}: ${port}`);
  }
  return found;
}

export async function isThin(lab: FullLab, site: string): Promise<boolean> {
  const { out } = await attempt(withinNet(namespaceOf(lab, 'wan'), ['tc', 'qdisc', 'show', 'dev', site]));
  return out.includes('tbf');
}

async function rules(lab: FullLab, name: string, chains: { readonly [hook: string]: readonly string[] }): Promise<void> {
  const table = `fault_${name}`;
  const text = Object.entries(chains).map(
    ([hook, lines]) => `chain ${hook} {\ntype filter hook ${hook} priority -10;\n${lines.join('\n')}\n}\n`,
  );
  await nft(lab, `table inet ${table} {\n}\ndelete table inet ${table}\ntable inet ${table} {\n${text.join('')}}\n`);
}

async function tables(lab: FullLab): Promise<string[]> {
  const { out } = await attempt(withinNet(namespaceOf(lab, 'wan'), ['nft', 'list', 'tables']));
  return [...out.matchAll(/^table inet (\S+)$/gm)].map(([, name]) => name!);
}

const nft = (lab: FullLab, input: string): Promise<string> => tool(withinNet(namespaceOf(lab, 'wan'), ['nft', '-f', '-']), { input });
const ends = (site: string): readonly (readonly [string, string])[] => [
  ['wan', site],
  [switchOf[site]!, 'wan'],
];
const bucket = (kbit: number): string[] => ['root', 'tbf', 'rate', `${kbit}kbit`, 'burst', '16kb', 'latency', '400ms'];
const word = (name: string): string => name.replaceAll('-', '_');
