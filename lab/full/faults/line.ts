import { cutBetween, cutSite, isThin, losePackets, mend, thinLine, widenLine } from '../cuts.ts';
import type { FullFault } from '../fault.ts';
import type { FullLab } from '../full-lab.ts';
import { byWord, sites } from '../shape.ts';

/** What happens to the lines between the sites and hq. */
export const lineFaults: { readonly [name: string]: FullFault } = {
  'cut-site': {
    usage: 'SITE',
    summary: 'Cuts a site off at its line to the router, its power controllers included; inside it everything goes on.',
    async act(lab, [site = '']) {
      await cutSite(lab, byWord(site, sites));
      return `Nothing goes in or out of ${site}; inside it everything goes on.`;
    },
    heal: (lab) => healed(lab, 'fault_cut_', 'The line of the site carries again.'),
  },
  'cut-between': {
    usage: '',
    summary: 'Cuts the sites off from each other, and from nobody else.',
    async act(lab) {
      await cutBetween(lab);
      return 'The sites do not reach each other; hq reaches both.';
    },
    heal: (lab) => healed(lab, 'fault_between', 'The sites reach each other again.'),
  },
  loss: {
    usage: 'SITE PERCENT',
    summary: 'Loses that many of a hundred packets from and to a site.',
    async act(lab, [site = '', percent = '']) {
      byWord(site, sites);
      await losePackets(lab, site, whole(percent, 'percentage', 1, 100));
      return `${percent} of 100 packets from and to ${site} are lost.`;
    },
    heal: (lab) => healed(lab, 'fault_loss_', 'No packet is lost any more.'),
  },
  thin: {
    usage: 'SITE KBIT',
    summary: "Makes a site's line carry no more than that many kilobits a second in each direction.",
    async act(lab, [site = '', kbit = '']) {
      byWord(site, sites);
      await thinLine(lab, site, whole(kbit, 'number of kilobits', 16, 10_000_000));
      return `The line of ${site} carries ${kbit} kbit/s.`;
    },
    async heal(lab) {
      const thin: string[] = [];
      for (const site of sites) if (await isThin(lab, site)) thin.push(site);
      for (const site of thin) await widenLine(lab, site);
      return thin.length > 0 ? `The line of ${thin.join(' and ')} is as wide as before.` : null;
    },
  },
};

async function healed(lab: FullLab, tables: string, said: string): Promise<string | null> {
  return (await mend(lab, tables)) > 0 ? said : null;
}

function whole(text: string, what: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new Error(`"${text}" is no ${what}: it is a whole number from ${least} to ${most}.`);
  return number;
}
