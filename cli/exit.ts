/** Exit codes of the command line. `docs/commands.md` lists them; scripts rely on them. */
export const exit = {
  /** Done, recovered, ready, or sent. */
  done: 0,
  /** The run or the check ended in another way than hoped. */
  otherwise: 1,
  /** The command was not understood: a mistyped name, a missing or contradicting option. */
  usage: 2,
  /** Temporal, or a worker that is needed, was not reached. */
  unreachable: 3,
  /** Understood and not done: nothing is asked, not allowed, not counted. */
  refused: 4,
  /** Something unforeseen: a fault of this program. */
  fault: 70,
  /** Stopped by Ctrl-C or SIGTERM. A run that was watched goes on. */
  interrupted: 130,
} as const;
