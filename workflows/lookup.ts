import { workflowInfo } from '@temporalio/workflow';
import type { Json } from '../plan/plan.ts';
import type { Lookup } from './resolve.ts';
import type { Run } from './run.ts';

/** What a runtime reference of this run leads to. */
export function lookup(run: Run): Lookup {
  return ([root, ...path]) => {
    switch (root) {
      case 'steps': {
        const [id, part, ...rest] = path;
        return id !== undefined && part === 'outputs' ? descend(run.tracks.get(id)?.outputs ?? {}, rest) : undefined;
      }
      case 'parameters':
        return descend(run.plan?.parameters ?? {}, path);
      case 'run':
        return descend(facts(run), path);
      default:
        return undefined;
    }
  };
}

function facts(run: Run): { readonly [name: string]: Json } {
  return {
    id: run.workflowId,
    link: linkTo(run),
    mode: run.mode,
    'started-at': run.startedAt,
    'data-at-risk': run.facts?.atRiskText ?? 'not known',
    viewpoints:
      (run.facts?.viewpoints ?? []).map((viewpoint) => `${viewpoint.name}: ${viewpoint.sees} (${viewpoint.text})`).join('; ') ||
      'none asked',
  };
}

function linkTo(run: Run): string {
  const { namespace, workflowId, runId } = workflowInfo();
  return `${run.plan?.ui ?? ''}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
}

function descend(value: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as { readonly [key: string]: Json })[key];
  }
  return at;
}
