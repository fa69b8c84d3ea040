import type { WriterOptions } from '../../test/judge/writer.ts';

/** `told`: a command at the moment of the kill. `automatic`: nobody says anything. `planned`: nothing is killed. */
export type Mode = 'told' | 'automatic' | 'planned';

/** The database's processes only: machine and keeper stay up. Or all of its machine. */
export type Loss = 'server' | 'machine';

/** One way to move a database to its other member. */
export interface Peer {
  readonly name: string;
  /** What it makes sure of before it promotes: that the old primary cannot write any more. */
  readonly fence: string;
  /** What it reads back before it says that it is done. */
  readonly proof: string;
  readonly modes: readonly Mode[];
  /** What a reader of the figures MUST know: how it was told, what it was set to, what it does not do. */
  readonly notes: { readonly [mode in Mode]?: string };
  /** Versions of all that it is made of but PostgreSQL. Throws {@link Missing} where it is not installed. */
  version(): Promise<string>;
  /** Stands up a pair under its care in an empty folder that the database's user may enter; all that it starts works in that folder. */
  up(folder: string, mode: Mode): Promise<Standing>;
}

/** A primary and its standby, streaming. */
export interface Standing {
  /** The primary first, as an application knows them. */
  readonly hosts: WriterOptions['hosts'];
  readonly login: Login;
  /** Kills the primary with -9. */
  kill(loss: Loss): Promise<void>;
  /** Tells it to fail over, or in a planned round to switch over; settles when it says that it is done. */
  tell(): Promise<void>;
  /** Where it writes down that it has given the primary up, and what it says then. Of the automatic mode. */
  readonly detection?: { readonly log: string; readonly says: RegExp };
  /** Ends what works elsewhere than in its folder. Default: there is no such thing. */
  down?(): Promise<void>;
}

/** Somebody who may make a table and write to it. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** It is not on this machine; the message says what to install. */
export class Missing extends Error {}
