import type { Analysis } from '../analysis.ts';
import { alternatives, jsonSchema } from '../json-schema.ts';
import type { Draft } from '../draft.ts';

/** What is allowed, and what a person should know of before the worst day. */
export function advise(analysis: Analysis): void {
  const { scope, drafts, reach } = analysis;
  const { kind } = scope.runbook.data;
  const warn = (draft: Draft, message: string, fix: string): void => scope.warnings.add(scope.runbook, draft.path, message, fix);
  const act = (draft: Draft) => draft.ways[0]?.action;
  const promotions = drafts.filter((draft) => act(draft)?.promotes);
  const points = drafts.filter((draft) => act(draft)?.commits);
  const checks = (draft: Draft): boolean => act(draft)?.effect === 'read' && !tells(draft) && !draft.conditional;

  const moving = promotions.length > 0 || drafts.some(({ branch }) => branch?.node.of === 'runs');
  if ((kind === 'failover' || kind === 'failback') && !moving && drafts[0] !== undefined)
    warn(drafts[0], `no step of this ${kind} promotes the target`, 'add a step that does, such as `uses: postgres.promote`');
  for (const promotion of promotions) {
    const verified = drafts.filter((draft) => checks(draft) && reach.leads(promotion.index, draft.index));
    if (verified.length === 0)
      warn(promotion, `nothing checks the target after "${promotion.id}"`, 'add a check behind it, such as `uses: postgres.check`');
    else
      for (const draft of drafts)
        if (tells(draft) && reach.leads(promotion.index, draft.index) && !verified.some((check) => reach.leads(check.index, draft.index)))
          warn(draft, `"${draft.id}" tells people before anything was checked`, `add "${verified[0]!.id}" to its \`needs\``);
  }
  const unproven = new Set<string>();
  let first: Draft | undefined;
  for (const draft of drafts) {
    for (const { type, action } of draft.ways) {
      if (
        typeof type.undo !== 'function' &&
        action.effect === 'change' &&
        // What a backup made stays; it is not backed out.
        kind !== 'backup' &&
        !action.commits &&
        !points.some((point) => reach.leads(point.index, draft.index))
      )
        warn(
          draft,
          `"${draft.id}" (${type.name}) cannot be undone and stands before the point of no return`,
          `should the run back out, it stays: ${type.undo.none}`,
        );
      if (typeof type.rehearse === 'function') continue;
      first ??= draft;
      unproven.add(type.name);
    }
  }
  if (first !== undefined)
    warn(
      first,
      `a rehearsal cannot prove ${[...unproven].join(', ')}`,
      `prove ${unproven.size > 1 ? 'them' : 'it'} in a live exercise; docs/steps.md says why of each`,
    );
}

/** Whether a step tells people something. */
function tells({ ways }: Draft): boolean {
  const [first] = ways;
  return (
    first !== undefined &&
    Object.values(jsonSchema(first.type.input).properties ?? {}).some((field) =>
      alternatives(field).some(({ lifeboat }) => lifeboat === 'notify'),
    )
  );
}
