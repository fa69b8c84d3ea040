import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyingKey, type Envelope, type Key } from '../worker/evidence/dsse.ts';
import { usage } from './failure.ts';

/** How the names of signed statements end. */
export const ending = '.dsse.json';

/** The signed statements that a path names: of a folder, all in it. `whole`: it is a folder. */
export async function signedFiles(path: string): Promise<{ readonly files: readonly string[]; readonly whole: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw usage(`There is no ${path}.`, 'Name a record, or a folder of records.');
  if (!found.isDirectory()) return { files: [path.endsWith(ending) ? path : path.replace(/\.(?:json|html)$/u, ending)], whole: false };
  const names = await readdir(path);
  return { files: names.filter((name) => name.endsWith(ending)).map((name) => join(path, name)), whole: true };
}

/** An envelope, and the text of what lies beside it under the same name. */
export async function readSigned(file: string): Promise<{ envelope: Envelope; beside: { record?: string; report?: string } }> {
  const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
  const text = await read(file);
  if (text === undefined) throw usage(`${file} cannot be read.`, `A record has a signed statement beside it, ending in ${ending}.`);
  const base = file.slice(0, -ending.length);
  const [record, report] = await Promise.all([read(`${base}.json`), read(`${base}.html`)]);
  return {
    envelope: envelopeOf(text),
    beside: { ...(record === undefined ? {} : { record }), ...(report === undefined ? {} : { report }) },
  };
}

/** Reads a public key; of a private one, the public part. */
export async function publicKey(file: string): Promise<Key> {
  try {
    return verifyingKey(await readFile(file, 'utf8'));
  } catch (error) {
    throw usage(`${file} is no public key: ${(error as Error).message}`, 'Name the .pub file that lifeboat keys wrote.');
  }
}

/** What is no envelope is one without a signature and without a record: that is then said. */
function envelopeOf(text: string): Envelope {
  try {
    const { payloadType, payload, signatures } = JSON.parse(text) as Partial<Envelope>;
    if (typeof payloadType === 'string' && typeof payload === 'string' && Array.isArray(signatures))
      return { payloadType, payload, signatures: signatures.filter(({ sig }) => typeof sig === 'string') };
  } catch {
    // Said by whoever examines it.
  }
  return { payloadType: '', payload: '', signatures: [] };
}
