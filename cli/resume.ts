import { flag } from './arguments.ts';
import type { Command } from './command.ts';
import { sayTo, wordOptions } from './word.ts';

const command: Command = {
  name: 'resume',
  summary: 'Allows effects on a system again after a stop; or lets it be failed over again although it was moved just now.',
  usage: 'SYSTEM…|--all [--lift-rest] [--reason TEXT]',
  options: { 'lift-rest': { type: 'boolean', help: 'Lifts the pause after a failover, and leaves a stop as it is.' }, ...wordOptions },
  run: (args) =>
    sayTo(
      args,
      flag(args, 'lift-rest')
        ? {
            command: 'resume',
            signal: 'Lift the pause',
            first: false,
            needsReason: true,
            heard: ({ rest }) => rest == null,
            said: 'it may be failed over again.',
          }
        : {
            command: 'resume',
            signal: 'Allow effects again',
            first: false,
            needsReason: false,
            heard: ({ stopped }) => stopped == null,
            said: 'effects are allowed again. Runs that were held ask to be retried.',
          },
    ),
};
export default command;
