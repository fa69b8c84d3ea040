// A worker that dies, or freezes, at one place: LIFEBOAT_CRASH="ACTIVITY@before|middle|after:kill|freeze", once per LIFEBOAT_CRASH_MARK.
// Everything else is the product's own worker, as built.
import { existsSync, writeFileSync } from 'node:fs';
import { runWorker } from '../../dist/worker/main.js';
import { types } from '../../dist/activities/index.js';
import { lying } from '../torture/lying.mjs';

const [site, runbooks] = process.argv.slice(2);
const [place, how] = (process.env.LIFEBOAT_CRASH ?? ':').split(':');
const mark = process.env.LIFEBOAT_CRASH_MARK ?? '';

function reach(here) {
  if (here !== place || existsSync(mark)) return;
  writeFileSync(mark, here);
  process.kill(process.pid, how === 'freeze' ? 'SIGSTOP' : 'SIGKILL');
}

const interceptors = {
  activity: [
    () => ({
      inbound: {
        async execute(input, next) {
          const { Context } = await import('@temporalio/activity');
          const name = Context.current().info.activityType;
          reach(`${name}@before`);
          const result = await next(input);
          reach(`${name}@after`);
          return result;
        },
      },
    }),
  ],
};
// Between the act and the reading back of the world.
const acting = process.env.LIFEBOAT_TORTURE_BREAK ? types.map(lying) : types;
const crashing = acting.map((type) => ({
  ...type,
  execute: async (input, context) => {
    await type.execute(input, context);
    reach(`${type.name}.execute@middle`);
  },
}));

await runWorker({ site, runbooks, types: crashing, interceptors, ready: () => console.log('ready') });
