import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { required } from './arguments.ts';
import type { Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { plain, say } from './print.ts';

const command: Command = {
  name: 'keys',
  summary: 'Makes the pair of keys by which records are signed and checked.',
  usage: 'FILE',
  options: {},
  async run(args) {
    const file = required(args, 'keys', 'file');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await written(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
    await written(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
    say(
      `The private key is ${plain(file)}: put it where each site's worker can read it, and name it in the inventory, evidence: { key: "file:…" }.`,
    );
    say(`The public key is ${plain(file)}.pub: give it to whoever checks, by another way than the records.`);
    return exit.done;
  },
};

/** A key that is there is never written over: with it all that it signed would be lost. */
async function written(file: string, text: string, mode: number): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode }).catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be written (${error.code === 'EEXIST' ? 'it is there already' : error.code}).`, 'Name another file.');
  });
}

export default command;
