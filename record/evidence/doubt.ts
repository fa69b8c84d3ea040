/** Something that is not as it was written, or cannot be known. */
export interface Doubt {
  readonly what:
    | 'edited'
    | 'forged'
    | 'unsigned'
    | 'untrusted'
    | 'missing'
    | 'reordered'
    | 'duplicate'
    | 'swapped'
    | 'stranger'
    | 'truncated'
    | 'unchained'
    | 'sign-off'
    | 'not proven';
  /** The file, or the system. */
  readonly where: string;
  readonly text: string;
  /** True: somebody changed something. False: it is only not known. */
  readonly bad: boolean;
}

export const bad = (what: Doubt['what'], where: string, text: string): Doubt => ({ what, where, text, bad: true });
export const unknown = (what: Doubt['what'], where: string, text: string): Doubt => ({ what, where, text, bad: false });
