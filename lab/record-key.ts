import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/** Makes the pair of keys by which the lab's records are signed and checked: `FILE`, and `FILE.pub`. */
export function writeRecordKey(file: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
}
