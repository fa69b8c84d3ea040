import type { Late } from '../plan/plan.ts';

/** A value as far as it is known before a run: what is only known later stands as `‹steps.facts.outputs.lag›`. */
export function lateText(value: Late): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('$ref' in value) return `‹${(value.$ref as readonly string[]).join('.')}›`;
  if ('$text' in value) return (value.$text as readonly Late[]).map(lateText).join('');
  return JSON.stringify(value);
}
