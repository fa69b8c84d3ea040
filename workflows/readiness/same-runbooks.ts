import type { FolderState, Look, ReadyAnswer } from '../wire.ts';

/** Whether the workers of all sites work by the same runbooks: those that differ from most are named, all of them where there is no most. Pure. */
export function sameRunbooks(answers: readonly ReadyAnswer[]): readonly Look[] {
  const known = answers.flatMap(({ site, folder }) => (folder === null ? [] : [{ site, folder }]));
  const counts = new Map<string, number>();
  for (const { folder } of known) counts.set(folder.digest, (counts.get(folder.digest) ?? 0) + 1);
  const [most, next] = [...counts].toSorted(([, one], [, other]) => other - one);
  const usual = most !== undefined && most[1] > (next?.[1] ?? 0) ? most[0] : null;
  return known.map(({ site, folder }) => {
    const others = known.filter((one) => one.folder.digest !== folder.digest);
    const differs = others.length > 0 && folder.digest !== usual;
    const text = `The worker at ${site} works by runbooks ${called(folder)}, others do not: ${others
      .slice(0, 5)
      .map((one) => `${one.site} by ${called(one.folder)}`)
      .join(', ')}. Bring all to the same revision.`;
    return {
      subject: `worker ${site}`,
      answered: true,
      seen: [`A worker at ${site} works by runbooks ${called(folder)}.`],
      problems: differs ? [{ code: 'runbooks-differ', weight: 'must', text }] : [],
    };
  });
}

const called = ({ digest, revision }: FolderState): string =>
  `${digest.slice(0, 12)}${revision === null ? '' : ` at revision ${revision}`}`;
