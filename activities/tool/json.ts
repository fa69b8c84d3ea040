import type { z } from 'zod';
import { StepError } from '../error.ts';
import { said, type CommandResult } from './spawn.ts';

/**
 * What a tool printed as JSON, read by its shape. `what` names the tool and where it ran.
 * @throws StepError `answer-unread` where it is no JSON of that shape, or was too long to be kept whole.
 */
export function jsonOf<Shape>(result: CommandResult, shape: z.ZodType<Shape>, what: string): Shape {
  const answer = shape.safeParse(parsed(result.stdout));
  if (answer.success) return answer.data;
  throw new StepError(
    'answer-unread',
    result.cut
      ? `${what} printed more than was kept, so its answer cannot be read.`
      : `${what} did not answer as expected: ${said(result)}`,
    'person',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
