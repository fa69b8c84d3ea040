import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key and a certificate that it signed itself, for 127.0.0.1 and a host name; PEM. */
export function selfSigned(name: string, days = 3650, host = 'localhost'): { key: string; certificate: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const who = sequence(set(sequence(oid(2, 5, 4, 3), tlv(0x0c, Buffer.from(name)))));
  const now = Date.now();
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaSha256,
    who,
    sequence(time(now - 86_400_000), time(now + days * 86_400_000)),
    who,
    publicKey,
    tlv(
      0xa3,
      sequence(
        sequence(oid(2, 5, 29, 14), octets(octets(createHash('sha1').update(publicKey).digest()))),
        sequence(oid(2, 5, 29, 19), tlv(0x01, Buffer.from([0xff])), octets(sequence(tlv(0x01, Buffer.from([0xff]))))),
        sequence(oid(2, 5, 29, 17), octets(sequence(tlv(0x87, Buffer.from([127, 0, 0, 1])), tlv(0x82, Buffer.from(host))))),
      ),
    ),
  );
  const certificate = sequence(body, ecdsaSha256, bits(sign('sha256', body, privateKey)));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, certificate: pem(certificate) };
}

// X.509 in DER (RFC 5280): just what a certificate for loopback needs, so that neither OpenSSL nor a library is.
function tlv(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...content: Buffer[]): Buffer => tlv(0x30, ...content);
const set = (...content: Buffer[]): Buffer => tlv(0x31, ...content);
const octets = (content: Buffer): Buffer => tlv(0x04, content);
const integer = (content: Buffer): Buffer => tlv(0x02, content);
const bits = (content: Buffer): Buffer => tlv(0x03, Buffer.from([0]), content);

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((part) => {
    const digits = [part & 127];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift((left & 127) | 128);
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
const ecdsaSha256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));

/** GeneralizedTime; RFC 5280 wants UTCTime before 2050, in which years have two digits. */
function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return Number(text.slice(0, 4)) < 2050 ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}
