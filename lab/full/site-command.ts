import { namespaceOf, type FullLab } from './full-lab.ts';
import { byWord, sites, workplaces } from './shape.ts';
import { withinNet } from './tool.ts';

/** The argument vector that runs a program where a site's worker runs: it sees the network as the site does, and is cut with it. */
export function siteCommand(lab: FullLab, site: string, argv: readonly string[]): string[] {
  return withinNet(namespaceOf(lab, workplaces[byWord(site, sites)]!.name), argv);
}
