const prefix = 'copy-of-';

/** Name of the copy of a host. No host of an inventory is called so. */
export const copyName = (host: string): string => `${prefix}${host}`;
/** Identifier of the copy of an instance of RDS, which takes 63 characters. */
export const databaseCopyName = (id: string): string => copyName(id).slice(0, 63).replace(/-+$/u, '');
/** The host of production that a copy is of; any other name is its own. */
export const originalName = (name: string): string => (isCopy(name) ? name.slice(prefix.length) : name);
export const isCopy = (name: string): boolean => name.startsWith(prefix);
