import { exit } from './exit.ts';

/** An end that the person can act on: one sentence of what is wrong and where, one of what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: number;
  readonly fix: string;

  /** @param code an exit code of `exit.ts`. */
  constructor(code: number, message: string, fix = '') {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

export const usage = (message: string, fix = ''): Failure => new Failure(exit.usage, message, fix);
export const refused = (message: string, fix = ''): Failure => new Failure(exit.refused, message, fix);
export const unreachable = (message: string, fix = ''): Failure => new Failure(exit.unreachable, message, fix);
