import type { Analysis } from '../analysis.ts';
import { runsIn } from '../analysis.ts';
import type { Draft } from '../draft.ts';
import { jsonSchema, schemaAt } from '../json-schema.ts';
import { didYouMean } from '../nearest.ts';
import type { LateUse } from '../resolve.ts';

/** A reference to an output names a step that is sure to have run, and an output that its type has. */
export function checkReferences(analysis: Analysis): void {
  for (const draft of analysis.drafts) for (const use of draft.late) if (use.ref[0] === 'steps') checkOutput(use, draft, analysis);
}

function checkOutput({ ref, path }: LateUse, draft: Draft, analysis: Analysis): void {
  const { scope, drafts, reach, reachIn, modes } = analysis;
  const refuse = (message: string, fix: string): void => scope.problems.add(scope.runbook, path, message, fix);
  const id = ref[1]!;
  const index = scope.ids.get(id);
  if (index === undefined) return refuse(`there is no step "${id}"`, didYouMean(id, [...scope.ids.keys()], 'steps'));
  const named = drafts[index]!;
  if (named.gate !== undefined) return refuse(`"${id}" is a gate: it has no outputs`, 'name a step');
  if (index === draft.index) return refuse(`"${id}" refers to its own outputs`, 'name a step before it');
  if (!reach.leads(index, draft.index))
    return refuse(`"${id}" is not sure to be done before "${draft.id}"`, `add "${id}" to the \`needs\` of "${draft.id}"`);
  for (const mode of modes) {
    if (!runsIn(draft, mode)) continue;
    if (!runsIn(named, mode))
      return refuse(
        `"${id}" does not run in ${mode} mode and has no outputs then`,
        `name a step that runs in both modes, or add \`only: ${named.only}\` here`,
      );
    if (!reachIn[mode]!.leads(index, draft.index))
      return refuse(
        `in ${mode} mode "${id}" is not sure to be done before "${draft.id}": a step between them is left out`,
        `add "${id}" to the \`needs\` of "${draft.id}"`,
      );
  }
  if (named.branch !== undefined) {
    if (ref[3] !== 'items')
      refuse(
        `the outputs of "${id}" stand by item`,
        `write steps.${id}.outputs.items.ITEM.NAME, or in a for-each over the same list steps.${id}.outputs.item.NAME`,
      );
    const { wave, runs } = named.branch;
    const names = [...wave.map(({ item }) => item), ...runs.map(({ name }) => name)];
    if (ref[3] === 'items' && ref[4] !== undefined && !names.includes(ref[4]))
      refuse(`"${id}" is not carried out for "${ref[4]}"`, didYouMean(ref[4], names, 'it is for'));
    if (ref[3] !== 'items' || named.branch.node.of === 'runs' || ref.length < 6) return;
  }
  for (const { type } of named.ways) {
    const names = ref.slice(named.branch === undefined ? 3 : 5);
    const known = names.findIndex((_, depth) => schemaAt(jsonSchema(type.output, 'output'), names.slice(0, depth + 1)).length === 0);
    if (known < 0) continue;
    const parents = schemaAt(jsonSchema(type.output, 'output'), names.slice(0, known));
    const fields = [...new Set(parents.flatMap(({ properties }) => Object.keys(properties ?? {})))];
    const instead = type === named.ways[0]!.type ? '' : `, which may be tried instead in "${id}",`;
    refuse(
      `${type.name}${instead} has no output "${names.slice(0, known + 1).join('.')}"`,
      didYouMean(names[known]!, fields, 'its outputs'),
    );
  }
}
