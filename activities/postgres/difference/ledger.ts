import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** `only-here`: only the old primary has the row. `differs`: both have it, and the old primary changed it last. `deleted`: it deleted it. */
export type Loss = 'only-here' | 'differs' | 'deleted';

/** Where the rows that would be lost are written down, one JSON object a line, for people to judge. */
export class Ledger {
  readonly path: string;
  /** How many, by table and kind. */
  readonly counts = new Map<string, { [kind in Loss]: number }>();
  readonly #file: FileHandle;
  #where: { readonly database: string; readonly table: string } = { database: '', table: '' };

  /** Opens it under another name: it gets its own only when it is whole. */
  static async open(folder: string, name: string): Promise<Ledger> {
    const path = join(folder, name);
    await rm(`${path}.part`, { force: true });
    return new Ledger(path, await open(`${path}.part`, 'wx', 0o600));
  }

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** What is written next is of this table. */
  begin(database: string, table: string): void {
    this.#where = { database, table };
    this.counts.set(`${database} ${table}`, { 'only-here': 0, differs: 0, deleted: 0 });
  }

  /** @param key, old, serving JSON as text, as the servers gave it: numbers keep every digit. */
  async lost(kind: Loss, key: string | null, old: string | undefined, serving: string | undefined): Promise<void> {
    const { database, table } = this.#where;
    this.counts.get(`${database} ${table}`)![kind] += 1;
    const about = JSON.stringify({ database, table, kind }).slice(0, -1);
    // JSON that a column keeps as it was written may hold line breaks, between its tokens only.
    const line = `${about},"key":${key ?? 'null'},"old":${old ?? 'null'},"serving":${serving ?? 'null'}}`.replaceAll(/[\r\n]+/g, ' ');
    await this.#file.write(`${line}\n`);
  }

  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.path}.part`, this.path);
  }

  /** Leaves nothing half done behind. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(`${this.path}.part`, { force: true });
  }
}
