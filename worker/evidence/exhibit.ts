import type { Exhibit } from '../../record/evidence/exhibit.ts';
import { headText, headType, type KnownHead } from '../../record/evidence/head.ts';
import { readSignOff, signOffType } from '../../record/evidence/statement.ts';
import { contentOf, digestOf, signerOf, type Envelope, type Key } from './dsse.ts';

/** Whose signatures are believed: of records those of workers, of a sign-off that of the person who it says signed it. */
export interface Trust {
  readonly workers: readonly Key[];
  readonly people: readonly { readonly name: string; readonly key: Key }[];
}

/** A signed file as it is examined: what its signature is worth to whoever trusts these keys. */
export function exhibitOf(
  file: string,
  envelope: Envelope,
  beside: { readonly record?: string | undefined; readonly report?: string | undefined },
  trust: Trust,
): Exhibit {
  const content = contentOf(envelope);
  const { payloadType, signatures } = envelope;
  const trusted = payloadType === signOffType ? keysOf(content.toString(), trust) : trust.workers;
  const holds = signatures.some(({ sig }) => signerOf(payloadType, content, sig, trusted) !== undefined);
  const claimed = signatures.some(({ keyid }) => trusted.some(({ id }) => id === keyid));
  return {
    file,
    payloadType,
    is: signatures.length === 0 ? 'unsigned' : holds ? 'signed' : claimed ? 'forged' : 'untrusted',
    key: signatures[0]?.keyid ?? '',
    text: content.toString(),
    digest: digestOf(content),
    beside: {
      ...(beside.record === undefined ? {} : { record: beside.record }),
      ...(beside.report === undefined ? {} : { report: digestOf(beside.report) }),
    },
  };
}

function keysOf(signOff: string, { people }: Trust): readonly Key[] {
  const by = readSignOff(signOff)?.by;
  return people.filter(({ name }) => name === by).map(({ key }) => key);
}

/** Whether a head claims a signature that none of these keys made. */
export function isForged(head: KnownHead, trusted: readonly Key[]): boolean {
  return head.signature !== undefined && signerOf(headType, Buffer.from(headText(head)), head.signature, trusted) === undefined;
}
