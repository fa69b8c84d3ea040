import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import { sight } from '../sight.ts';
import type { StepContext } from '../step.ts';
import { controllerOf, type PowerState } from './controller.ts';
import { readRestore } from './restore-policy.ts';

/** What a host's controller says of its power, held against what the host shows. */
export interface Power {
  readonly state: PowerState;
  readonly said: string;
  /** Whether the host, or a database on it, answers; when it was looked at, ISO time. */
  readonly alive: boolean;
  readonly at: string;
  /** Whether its site's witness answers: without it no fence could be proven from here. Null: there is none. */
  readonly witness: boolean | null;
  readonly restore: Awaited<ReturnType<typeof readRestore>>;
  readonly evidence: readonly string[];
}

/**
 * Logs in at the real controller of a host and reads. Presses nothing.
 * @param context as it is in service, in a rehearsal too
 * @throws StepError `power-lies` where the host answers that its controller calls off, and those of the controller
 */
export async function readPower(name: string, context: StepContext): Promise<Power> {
  const host = context.host(name);
  const controller = controllerOf(host, context);
  const takes = (await controller.check?.()) ?? [];
  const [power, restore, seen] = await beating(
    context,
    Promise.all([controller.state(), readRestore(controller.restore, name), sight(host, context.system, context.viewpoint)]),
  );
  const said = `The controller of ${name} says that its power is ${power.word}.`;
  if (power.state === 'off' && seen.alive)
    throw new StepError(
      'power-lies',
      `${said} The host answers all the same: the controller lies, or it belongs to another machine, and no fence by it can be trusted. ${seen.evidence.join(' ')}`,
      'person',
    );
  const { alive, at } = seen;
  return {
    state: power.state,
    said,
    alive,
    at,
    witness: seen.witness,
    restore,
    evidence: [...takes, said, restore.text, ...seen.evidence],
  };
}

/** What a rehearsal says of a controller whose button it leaves alone. */
export const notPressed = 'Nothing was pressed: that the machine follows its button, only a live exercise proves.';
