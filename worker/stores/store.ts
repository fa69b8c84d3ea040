/** Where records and checklists lie at a site. Names are paths with `/`, of what the store holds. */
export interface RecordStore {
  /** For people: the folder, or the bucket with its prefix. */
  readonly where: string;
  /** Names of the files directly in this folder of the store (`''`: its top), sorted; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Null: there is none of that name. */
  read(name: string): Promise<string | null>;
  /** Writes a file whole, in place of what was there, and reads it back. Returns where it is. */
  write(name: string, text: string): Promise<string>;
}
