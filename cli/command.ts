import type { ParseArgsConfig } from 'node:util';

/** One subcommand. Its file imports nothing heavy at the top: `--help` must not load an SDK. */
export interface Command {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** What follows `lifeboat NAME`, such as `SYSTEM --planned|--unplanned`. */
  readonly usage: string;
  /** Each option with what it does. `--help` and `--json` are understood by all. */
  readonly options: {
    readonly [name: string]: NonNullable<ParseArgsConfig['options']>[string] & { readonly help: string; readonly value?: string };
  };
  /** Returns the exit code: see `cli/exit.ts`. */
  run(args: Arguments): Promise<number>;
}

export interface Arguments {
  readonly values: { readonly [option: string]: string | boolean | (string | boolean)[] | undefined };
  readonly positionals: readonly string[];
}
