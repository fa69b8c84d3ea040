import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { examine, type Examined } from '../record/evidence/examine.ts';
import { readHead, type KnownHead } from '../record/evidence/head.ts';
import type { Key } from '../worker/evidence/dsse.ts';
import { exhibitOf, isForged } from '../worker/evidence/exhibit.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { ending, publicKey, readSigned, signedFiles } from './signed-files.ts';

/** What whoever checks has from elsewhere than the records. */
export interface Known {
  /** Files of the public keys with which records are signed. */
  readonly keys: readonly string[];
  /** `NAME=FILE`: who may sign records off, and their public keys. */
  readonly signers?: readonly string[];
  readonly heads?: readonly string[];
}

/** Says every doubt about signed records. Returns 0 where nobody changed anything, else 1. */
export async function verify(paths: readonly string[], known: Known, json: boolean): Promise<number> {
  const examined = await examineFiles(paths, known);
  const bad = examined.doubts.filter((doubt) => doubt.bad).length;
  if (json) sayJson({ ok: bad === 0, ...examined });
  else show(examined, bad);
  return bad === 0 ? exit.done : exit.otherwise;
}

/** Reads signed records, and what lies beside them, and holds them to each other and to what is known from elsewhere. */
export async function examineFiles(paths: readonly string[], { keys, signers = [], heads = [] }: Known): Promise<Examined> {
  const trust = { workers: await Promise.all(keys.map(publicKey)), people: await Promise.all(signers.map(signerOf)) };
  const found = await Promise.all(paths.map(signedFiles));
  const files = found.flatMap((one) => one.files).toSorted();
  if (files.length === 0) throw usage(`There is no signed record in ${paths.join(', ')}.`, `Signed records end in ${ending}.`);
  const known = (await Promise.all(heads.map(headsOf))).flat();
  const exhibits = await Promise.all(
    files.map(async (file) => {
      const { envelope, beside } = await readSigned(file);
      return exhibitOf(file, envelope, beside, trust);
    }),
  );
  return examine(exhibits, {
    heads: known.map((head) => ({ ...head, forged: isForged(head, trust.workers) })),
    whole: found.every(({ whole }) => whole),
  });
}

function show({ doubts, records, signOffs }: Examined, bad: number): void {
  const short = (text: string): string => plain(text).replaceAll(/\S*\/(?=[^/\s]+\.dsse\.json)/gu, '');
  for (const { what, where, text, bad: changed } of doubts)
    say(`${paint(changed ? 'red' : 'yellow', what)}  ${plain(basename(where))}: ${short(text)}`);
  for (const { by, role, at, of, words, apart } of signOffs)
    say(
      `signed off  ${short(of)}: by ${plain(by)}${role === null ? '' : ` (${plain(role)})`}, ${apart ? 'who took no part in it' : 'who took part in it'}, at ${plain(at)}: ${plain(words)}`,
    );
  const count = `${records} ${records === 1 ? 'record' : 'records'}`;
  if (bad > 0) say(paint('red', `${count} read: ${bad} ${bad === 1 ? 'thing is' : 'things are'} not as signed.`));
  else if (doubts.some(({ what }) => what === 'unsigned'))
    say(paint('yellow', `${count} read: nothing contradicts them, and not all are signed.`));
  else say(paint('green', `${count} read: as signed.`));
}

async function signerOf(written: string): Promise<{ readonly name: string; readonly key: Key }> {
  const [, name, file] = /^([^=]+)=(.+)$/su.exec(written) ?? [];
  if (name === undefined || file === undefined)
    throw usage(
      `"${written}" names no signer.`,
      'Write who signs and the file of their public key: --signer erin@example.com=erin.key.pub',
    );
  return { name, key: await publicKey(file) };
}

async function headsOf(written: string): Promise<readonly KnownHead[]> {
  const head = readHead(written);
  if (head !== null) return [head];
  const text = await readFile(written, 'utf8').catch(() => '');
  try {
    const heads = [JSON.parse(text) as KnownHead | readonly KnownHead[]].flat() as KnownHead[];
    if (heads.length > 0 && heads.every(isHead)) return heads;
  } catch {
    // Lines, then.
  }
  const lines = text.split(/\s+/u).flatMap((word) => readHead(word) ?? []);
  if (lines.length > 0) return lines;
  throw usage(
    `"${written}" is no head.`,
    'Write SYSTEM:COUNT:DIGEST as notifications and lifeboat status --json show it, or name a file that holds such lines, or JSON.',
  );
}

const isHead = ({ system, count, digest }: Partial<KnownHead>): boolean =>
  typeof system === 'string' && Number.isInteger(count) && typeof digest === 'string';
