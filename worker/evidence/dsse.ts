import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** A signed statement. Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md. */
export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  /** Empty: it is not signed. */
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** An Ed25519 key with the name by which signatures refer to it: the first 16 hex digits of the SHA-256 of the public key (DER). */
export interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

/** Reads a private key, PEM PKCS#8. Throws where it is none of Ed25519. */
export function signingKey(pem: string): Key {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key of ${key.asymmetricKeyType}, not of Ed25519`);
  return { id: idOf(createPublicKey(key)), key };
}

/** Reads a public key, PEM SPKI; of a private key, the public part. Throws where it is none of Ed25519. */
export function verifyingKey(pem: string): Key {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key of ${key.asymmetricKeyType}, not of Ed25519`);
  return { id: idOf(key), key };
}

/** Puts a statement into an envelope; unsigned where there is no key. The same key and statement give the same bytes. */
export function seal(payloadType: string, statement: string, signer: Key | null): Envelope {
  const signatures = signer === null ? [] : [{ keyid: signer.id, sig: signed(payloadType, statement, signer) }];
  return { payloadType, payload: Buffer.from(statement).toString('base64'), signatures };
}

/** A signature alone, base64. */
export const signed = (payloadType: string, statement: string, { key }: Key): string =>
  sign(null, encoded(payloadType, Buffer.from(statement)), key).toString('base64');

/** Whether one of these keys made the signature; then its name. */
export function signerOf(payloadType: string, statement: Buffer, signature: string, trusted: readonly Key[]): string | undefined {
  const message = encoded(payloadType, statement);
  // The name that an envelope gives a key is a hint, and proves nothing.
  return trusted.find(({ key }) => verify(null, message, key, Buffer.from(signature, 'base64')))?.id;
}

/** What is in an envelope, whatever its signature is worth. */
export const contentOf = ({ payload }: Envelope): Buffer => Buffer.from(payload, 'base64');

/** SHA-256, hex: of a statement, what the next record names as its previous one. */
export const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** DSSE's pre-authentication encoding: a statement of one type can never be taken for one of another. */
function encoded(payloadType: string, body: Buffer): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${body.length} `), body]);
}

function idOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}
