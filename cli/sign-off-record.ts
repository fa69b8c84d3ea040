import { readFile, writeFile } from 'node:fs/promises';
import { readStatement, recordType, signOffType, type SignOff } from '../record/evidence/statement.ts';
import { contentOf, digestOf, seal, signingKey, type Key } from '../worker/evidence/dsse.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { plain, say } from './print.ts';
import { ending, readSigned, signedFiles } from './signed-files.ts';

/** Writes a signed statement beside each record; for copies of one record, the same. Returns 0. */
export async function signOff(paths: readonly string[], keyFile: string, said: Pick<SignOff, 'by' | 'role' | 'words'>): Promise<number> {
  const signer = await privateKey(keyFile);
  const at = new Date().toISOString();
  const written = await Promise.all(paths.map((path) => statementOf(path, { ...said, at })));
  for (const { file, signOff: made } of written) {
    const name = `${file.slice(0, -ending.length)}.sign-off-${said.by.replaceAll(/[^\w.@-]/gu, '_')}${ending}`;
    await writeFile(name, `${JSON.stringify(seal(signOffType, JSON.stringify(made), signer), null, 2)}\n`, { flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        throw usage(
          `${name} cannot be written (${error.code === 'EEXIST' ? 'it is there already' : error.code}).`,
          'What was signed is never written over: sign under another name, or take it away yourself.',
        );
      },
    );
    say(`Signed off: ${plain(name)}`);
  }
  return exit.done;
}

async function statementOf(path: string, said: Omit<SignOff, 'format' | 'system' | 'record'>): Promise<{ file: string; signOff: SignOff }> {
  const { files, whole } = await signedFiles(path);
  if (whole) throw usage(`${path} is a folder.`, 'Name the record: what is signed off is one run.');
  const file = files[0]!;
  const { envelope } = await readSigned(file);
  const content = contentOf(envelope);
  const statement = envelope.payloadType === recordType ? readStatement(content.toString()) : null;
  if (statement === null) throw usage(`${file} is no record.`, 'Name the record of a run.');
  const { by, role, at, words } = said;
  return { file, signOff: { format: 1, system: statement.place.system, record: digestOf(content), by, role, at, words } };
}

async function privateKey(file: string): Promise<Key> {
  try {
    return signingKey(await readFile(file, 'utf8'));
  } catch (error) {
    throw usage(`${file} is no private key to sign with: ${(error as Error).message}`, 'lifeboat keys FILE makes one.');
  }
}
