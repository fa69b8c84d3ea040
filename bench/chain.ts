import { stringify } from 'yaml';
import { z } from 'zod';
import { step } from '../activities/step.ts';

/** A step that does nothing: what is left is what carrying it out costs. */
export const instant = step({
  name: 'bench.instant',
  summary: 'Does nothing.',
  effect: 'read',
  at: 'target',
  expected: 1,
  timeout: '10 seconds',
  input: z.object({}),
  output: z.object({}),
  example: {},
  permissions: [],
  preflight: () => Promise.resolve([]),
  execute: () => Promise.resolve(),
  verify: () => Promise.resolve({ outputs: {}, evidence: [] }),
  rehearse: { none: 'It does nothing.' },
  undo: { none: 'It does nothing.' },
});

/** A runbook of so many instant steps, each of which needs the one before. */
export function chain(count: number): string {
  const steps = Array.from({ length: count }, (_, n) => ({
    id: `step-${n + 1}`,
    uses: instant.name,
    ...(n > 0 ? { needs: [`step-${n}`] } : {}),
    with: {},
  }));
  return stringify({ runbook: 'chain', kind: 'restore', system: 'orders', description: 'A chain of steps that do nothing.', steps });
}
