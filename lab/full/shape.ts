/** What the full lab is made of. Addresses are 10.NET. and what stands here. */
export interface Machine {
  readonly site: string;
  readonly role: 'database' | 'application' | 'edge';
  /** Last two bytes of its address. */
  readonly at: string;
  /** Namespace of the switch, and its port there, that its wire leads to. */
  readonly wire: string;
  /** Last two bytes of its power controller's address. */
  readonly controller?: string;
}

export const sites = ['site-a', 'site-b'] as const;

/** Booted hosts. */
export const machines: { readonly [name: string]: Machine } = {
  'a-db': { site: 'site-a', role: 'database', at: '1.11', wire: 'a-switch', controller: '1.201' },
  'a-app': { site: 'site-a', role: 'application', at: '1.12', wire: 'a-switch', controller: '1.202' },
  'b-db': { site: 'site-b', role: 'database', at: '2.11', wire: 'b-switch', controller: '2.201' },
  'b-app': { site: 'site-b', role: 'application', at: '2.12', wire: 'b-switch', controller: '2.202' },
  edge: { site: 'edge', role: 'edge', at: '0.3', wire: 'wan' },
};

/** Namespaces in which a site's worker runs: it sees what its site sees. */
export const workplaces: { readonly [site: string]: { readonly name: string; readonly at: string; readonly wire: string } } = {
  'site-a': { name: 'a-ops', at: '1.10', wire: 'a-switch' },
  'site-b': { name: 'b-ops', at: '2.10', wire: 'b-switch' },
};

/** Network devices: namespaces with an ssh server whose one command cuts and heals lines. */
export const devices: { readonly [name: string]: { readonly site: string; readonly at: string; readonly lines: readonly string[] } } = {
  wan: { site: 'edge', at: '0.2', lines: ['site-a', 'site-b'] },
  'a-switch': { site: 'site-a', at: '1.2', lines: ['a-db', 'a-app', 'a-ops'] },
  'b-switch': { site: 'site-b', at: '2.2', lines: ['b-db', 'b-app', 'b-ops'] },
};

export const switchOf: { readonly [site: string]: string } = { 'site-a': 'a-switch', 'site-b': 'b-switch' };

/** The members of the pair: the first begins as primary. */
export const pair = ['a-db', 'b-db'] as const;
export const otherOf = (member: string): string => (member === 'a-db' ? 'b-db' : 'a-db');
/** The application host of a site: it holds the documents and the stores, and its ssh server is the site's witness. */
export const appOf: { readonly [site: string]: string } = { 'site-a': 'a-app', 'site-b': 'b-app' };
export const byWord = (word: string, names: readonly string[]): string => {
  if (names.includes(word)) return word;
  throw new Error(`${word === '' ? 'Name one' : `There is no ${word}`}: ${names.join(', ')}.`);
};
