import { Socket } from 'node:net';
import pg from 'pg';
import { withDeadline } from './deadline.ts';
import type { Place, Target } from './targets.ts';

/** A session with one member of a database, as an application has it. Whatever takes too long ends it: it is never waited for. */
export class Member {
  readonly place: Place;
  readonly #target: Target;
  readonly #password: string | undefined;
  #session: Promise<pg.Client> | null = null;
  #socket: Socket | null = null;

  constructor(place: Place, target: Target, password: string | undefined) {
    this.place = place;
    this.#target = target;
    this.#password = password;
  }

  /** Whether this member takes writes now. Connects where there is no session. */
  async writable(within: number): Promise<boolean> {
    const rows = await this.query<{ standby: boolean; readonly: string }>(
      `select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') as readonly`,
      [],
      within,
    );
    return rows[0]?.standby === false && rows[0].readonly === 'off';
  }

  /** Throws once it takes longer than `within` milliseconds; the session is gone then, and the outcome unknown. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[], within: number): Promise<Row[]> {
    const work = async (): Promise<Row[]> => (await (await this.#connected()).query<Row>(text, values)).rows;
    try {
      return await withDeadline(work(), within, this.place.host);
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  /** Ends the session at once, without a word to a server that may not listen. */
  drop(): void {
    this.#socket?.destroy();
    this.#session = null;
    this.#socket = null;
  }

  #connected(): Promise<pg.Client> {
    return (this.#session ??= this.#connect());
  }

  async #connect(): Promise<pg.Client> {
    const socket = (this.#socket = new Socket());
    const client = new pg.Client({
      host: this.place.address,
      port: this.place.port,
      user: this.#target.user,
      password: this.#password,
      database: this.#target.database,
      application_name: 'lifeboat-probe',
      stream: () => socket,
    });
    const lost = (): void => {
      if (this.#socket === socket) this.drop();
    };
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    return client;
  }
}
