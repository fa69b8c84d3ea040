import { exit } from './exit.ts';
import { hints } from './hints.ts';
import { note, say, sayJson } from './print.ts';
import { onStage } from './stage.ts';

/** Stands up a world to play with, tells how, and waits for Ctrl-C. */
export async function dev(json: boolean): Promise<number> {
  const { command } = hints();
  const code = await onStage(undefined, async ({ world, stop }) => {
    if (json) sayJson({ address: world.address, ui: world.ui, folder: world.lab.folder, runbooks: world.runbooks });
    else {
      say(`
Temporal UI   ${world.ui}
Runbooks      ${world.runbooks}
Lab           ${world.lab.folder}

In another terminal:
  export TEMPORAL_ADDRESS=${world.address} LIFEBOAT_UI=${world.ui} LIFEBOAT_RUNBOOKS=${world.runbooks}
  ${command} check
  ${command} plan orders
  ${command} lab fault kill-primary --folder ${world.lab.folder}
  ${command} failover orders --unplanned
  ${command} approve orders --as alice@example.com
  ${command} status

Ctrl-C ends it all.`);
    }
    while (!(await stop.within(60_000)));
    return exit.interrupted;
  });
  note('Everything is ended and removed.');
  return code;
}
