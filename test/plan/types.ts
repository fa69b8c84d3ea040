import { z } from 'zod';
import { step } from '../../activities/step.ts';
import type { StepDefinition, StepType } from '../../activities/step.ts';

/** Step types as the compiler sees them: none of these acts. */
const host = (description: string) => z.string().min(1).meta({ description, lifeboat: 'host' });
const act = {
  permissions: ['none'],
  preflight: async () => [],
  execute: async () => undefined,
  verify: async () => ({ outputs: {}, evidence: [] }),
  expected: 1_000,
  timeout: '30 seconds',
};
const undone = async (): Promise<readonly string[]> => [];
const rehearsed = async () => ({ outputs: {}, evidence: [] });

type Given = Partial<StepDefinition<unknown, unknown>> & Pick<StepType, 'name' | 'effect'> & { input: z.ZodType };

function type(given: Given): StepType {
  return step<unknown, unknown>({
    summary: 'A type.',
    output: z.object({}),
    example: {},
    undo: undone,
    rehearse: rehearsed,
    ...act,
    ...given,
  } as StepDefinition<unknown, unknown>);
}

export const types: readonly StepType[] = [
  type({
    name: 'postgres.check',
    effect: 'read',
    expected: 50,
    input: z.object({
      host: host('Host.'),
      role: z.enum(['primary', 'standby']).describe('Role.').optional(),
      'max-lag': z.number().describe('Bytes.').optional(),
      rows: z
        .array(z.object({ table: z.string().describe('Table.'), 'at-least': z.int().describe('Rows.') }))
        .describe('Counts.')
        .optional(),
      query: z.string().describe('Query.').optional(),
      expect: z.union([z.boolean(), z.number(), z.string()]).describe('Answer.').optional(),
    }),
    output: z.object({
      lag: z.number().describe('Bytes.'),
      role: z.string().describe('Role.'),
      healthy: z.boolean().describe('Healthy.'),
      server: z.object({ version: z.string().describe('Version.') }).describe('Server.'),
    }),
  }),
  type({
    name: 'postgres.quiesce',
    effect: 'change',
    expected: 800,
    provides: ['shutdown'],
    outage: true,
    input: z.object({ host: host('Primary.'), standby: host('Standby.') }),
  }),
  type({
    name: 'power.off',
    effect: 'change',
    expected: 600,
    provides: ['fence'],
    commits: true,
    at: 'target',
    input: z.object({ host: host('Host.'), force: z.boolean().describe('Force.').optional() }),
  }),
  type({
    name: 'fence.manual',
    effect: 'change',
    provides: ['fence'],
    commits: true,
    at: 'target',
    asks: { question: 'Is {host} off?', people: 2 },
    input: z.object({ host: host('Host.') }),
    undo: { none: 'People did it.' },
    rehearse: { none: 'Nobody is asked in a rehearsal.' },
  }),
  type({
    name: 'postgres.promote',
    effect: 'change',
    expected: 400,
    requires: ['fence', 'shutdown'],
    promotes: true,
    commits: true,
    input: z.object({ host: host('Host.') }),
    undo: { none: 'There is no way back.' },
  }),
  type({
    name: 'notify.webhook',
    effect: 'change',
    expected: 100,
    undo: { none: 'It was read.' },
    input: z.object({ to: z.string().meta({ description: 'Who.', lifeboat: 'notify' }), message: z.string().describe('Text.').optional() }),
  }),
  type({
    name: 'manual.task',
    effect: 'change',
    expected: 0,
    asks: { question: 'Do: {task}', people: 1 },
    undo: { none: 'People did it.' },
    rehearse: { none: 'Nobody is asked.' },
    input: z.object({ task: z.string().describe('What.') }),
  }),
  type({ name: 'disk.wipe', effect: 'destroy', input: z.object({ host: host('Host.') }), undo: { none: 'It is gone.' } }),
  type({
    name: 'test.wait',
    effect: 'read',
    expected: 10,
    input: z.object({
      text: z.string().describe('Text.').optional(),
      count: z.number().describe('Number.').optional(),
      people: z.string().meta({ description: 'Role.', lifeboat: 'role' }).optional(),
    }),
    output: z.object({ text: z.string().describe('Text.') }),
  }),
];
