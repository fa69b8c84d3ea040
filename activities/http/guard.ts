import dns from 'node:dns';
import net from 'node:net';
import { Agent } from 'undici';
import { StepError } from '../error.ts';

const never = new net.BlockList();
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('0.0.0.0', 8, 'ipv4');
never.addAddress('100.100.100.200', 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
const loopback = new net.BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** An address of the web that a runbook may name. Throws a mistake for any other. */
export function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new StepError('not-a-web-address', `"${text}" is no web address: it must begin with https:// or http://.`, 'mistake');
  }
  if (url.username !== '' || url.password !== '') {
    throw new StepError(
      'login-in-address',
      `The address of ${url.host} holds a login: credentials never stand in a runbook or an inventory.`,
      'mistake',
    );
  }
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  if (net.isIP(bare) !== 0 && forbidden(bare, true)) throw refused(url.hostname, bare);
  return url;
}

/**
 * Connects only where a runbook may reach: never to link-local addresses and the clouds' metadata services,
 * and to this machine only where the address names it. Decided on the address that is connected to, so no name can lead elsewhere.
 */
export function guardedAgent(url: URL, connectTimeout = 2_000): Agent {
  return new Agent({ connect: { timeout: connectTimeout, lookup: guardedLookup(url.hostname) } });
}

export function guardedLookup(hostname: string): net.LookupFunction {
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  return (name, options, done) => {
    dns.lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0);
      const bad = addresses.find(({ address }) => forbidden(address, local));
      if (bad) return done(refused(hostname, bad.address), '', 0);
      const [first] = addresses;
      if (options.all) return done(null, addresses);
      return done(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

/** `named`: the address stands in the runbook itself, so that this machine may be meant. */
export function forbidden(address: string, named: boolean): boolean {
  const mapped = /^::ffff:(?:0:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  const plain = mapped ? fromHex(mapped[1] ?? '0', mapped[2] ?? '0') : address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const family = net.isIPv6(plain) ? 'ipv6' : 'ipv4';
  return never.check(plain, family) || (!named && loopback.check(plain, family));
}

function fromHex(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

function refused(host: string, address: string): StepError {
  return new StepError(
    'address-refused',
    `${host} leads to ${address}, where no step may go: link-local and metadata addresses never, this machine only where it is named.`,
    'mistake',
  );
}
