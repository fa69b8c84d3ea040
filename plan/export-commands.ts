import type { StepType } from '../activities/step.ts';
import type { Action, Plan } from './plan.ts';

/** What a person pastes into a shell at the site of the step, and what each line must show. */
export function commandLines({ uses, with: input, hosts, at }: Action, { system }: Plan, { byHand }: StepType): string[] {
  const facts = {
    system,
    viewpoint: at,
    host(name: string) {
      const found = hosts[name];
      if (found === undefined) throw new Error(`${uses} names no host ${name}`);
      return found;
    },
  };
  const commands = attempt(() => byHand?.(input, facts) ?? []);
  if ('problem' in commands) return [`- No command can be given: ${commands.problem}`];
  return commands.flatMap(({ run, shows }) => ['- Run, in bash:', '  ```sh', `  ${run}`, '  ```', `  Must show: ${shows}`]);
}

/** What the inventory does not say is known when the page is printed, and no reason to have none. */
function attempt<T extends object>(make: () => T): T | { readonly problem: string } {
  try {
    return make();
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
