import { isStep, type Run, type Track } from './run.ts';

/** How long the steps of a run worked that were done, milliseconds by step: what people were waited for between attempts is not in it. */
export function durationsOf(run: Run): { readonly [step: string]: number } {
  const took = new Map<string, number>();
  const begun = new Map<string, number>();
  for (const entry of run.journal.entries) {
    if (entry.what === 'begun') begun.set(entry.step, Date.parse(entry.at));
    if (entry.what !== 'done' && entry.what !== 'failed') continue;
    const since = begun.get(entry.step);
    begun.delete(entry.step);
    if (since !== undefined) took.set(entry.step, (took.get(entry.step) ?? 0) + Date.parse(entry.at) - since);
  }
  return Object.fromEntries(measured(run).flatMap(({ node }) => (took.has(node.id) ? [[node.id, took.get(node.id)!]] : [])));
}

/** What they moved, of those that tell it, bytes by step. */
export function bytesOf(run: Run): { readonly [step: string]: number } {
  return Object.fromEntries(
    measured(run).flatMap(({ node, outputs }) => (typeof outputs['bytes'] === 'number' ? [[node.id, outputs['bytes']]] : [])),
  );
}

/** What people carried out or witnessed took them their time. */
function measured(run: Run): Track[] {
  return [...run.tracks.values()].filter(({ state, node, uses }) => {
    if (state !== 'done' || node.kind === 'gate') return false;
    if (!isStep(node)) return node.of === 'wave';
    return [node.action, ...node.else].find((action) => action.uses === uses)?.asks === undefined;
  });
}
