import type { Backup, BackupNews } from '../activities/step.ts';

/** So many are remembered; they must fit into a memo. */
const most = 40;

/** What is known of backups once steps have told more, newest first. A proof once made is kept. Pure. */
export function learn(known: readonly Backup[], news: readonly BackupNews[]): readonly Backup[] {
  const all = new Map(known.map((backup) => [nameOf(backup), backup]));
  for (const { store, holds, complete, backups } of news) {
    const there = new Set(backups.map(nameOf));
    const gone = (backup: Backup): boolean => backup.store === store && backup.holds === holds && !there.has(nameOf(backup));
    if (complete) for (const [name, backup] of all) if (gone(backup)) all.delete(name);
    for (const backup of backups) {
      const before = all.get(nameOf(backup));
      const proof = backup.provenAt === null && before ? { provenAt: before.provenAt, compared: before.compared } : {};
      all.set(nameOf(backup), { ...backup, ...proof });
    }
  }
  return bounded([...all.values()].toSorted((one, other) => other.at.localeCompare(one.at)));
}

/** The last proven one of what each store holds is remembered however old it is. */
function bounded(backups: readonly Backup[]): readonly Backup[] {
  const lastProven = new Set<Backup>();
  const seen = new Set<string>();
  for (const backup of backups) {
    const what = `${backup.holds} ${backup.store}`;
    if (backup.provenAt === null || seen.has(what)) continue;
    seen.add(what);
    lastProven.add(backup);
  }
  return backups.filter((backup, place) => place < most || lastProven.has(backup));
}

const nameOf = ({ store, label }: Backup): string => `${store} ${label}`;
