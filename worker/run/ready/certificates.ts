import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { endpoint } from '../../../activities/endpoint.ts';
import type { HostFacts } from '../../../plan/plan.ts';
import type { Answer, Question } from './ask.ts';
import { expiry } from './expiry.ts';
import { hostsOf } from './hosts.ts';
import type { Local } from './of-site.ts';
import { hostCertificate, userCertificate } from './ssh-certificate.ts';
import { shownBy, shownByPostgres } from './tls.ts';

/** What has an end, as this site meets it: certificates of controllers, databases, hosts, and of our own logins. */
export function certificateQuestions(local: Local): Question[] {
  const { system, worker, hosts } = local;
  const here = hostsOf(local);
  const controllers = Object.values(hosts).filter(
    ({ name, power }) => power !== undefined && power.address.startsWith('https:') && isActedOn(local, name),
  );
  const member = hosts[system.postgres?.members[worker] ?? ''];
  const keys = [...new Set(here.flatMap(({ ssh }) => ssh?.key ?? []))];
  return [
    ...controllers.map((host) => ({ subject: `certificate of controller ${host.name}`, ask: () => ofController(host) })),
    ...(member === undefined
      ? []
      : [{ subject: `certificate of database ${member.name}`, ask: () => ofDatabase(member, system.postgres!.port, worker) }]),
    ...here
      .filter(({ connection }) => connection === 'ssh')
      .map((host) => ({ subject: `certificate of host ${host.name}`, ask: (signal: AbortSignal) => ofHost(host, worker, signal) })),
    ...keys.map((key) => ({ subject: `ssh certificate ${key} at ${worker}`, ask: (signal: AbortSignal) => ofKey(key, signal) })),
    { subject: `certificate for Temporal at ${worker}`, ask: ofTemporal },
  ];
}

/** Whether a step of this site switches the host's power. */
const isActedOn = ({ planned, worker }: Local, host: string): boolean =>
  planned.some(({ action }) => action.at === worker && action.uses.startsWith('power.') && action.with['host'] === host);

async function ofController({ name, power }: HostFacts): Promise<Answer> {
  const url = new URL(power!.address);
  const pinned = power!.certificate === undefined ? null : new X509Certificate(await readFile(power!.certificate));
  const shown = await shownBy(url.hostname, Number(url.port || 443));
  const found = shown ?? pinned;
  if (found === null) return { silent: true };
  return expiry(`The certificate of the controller of ${name}`, new Date(found.validTo));
}

async function ofDatabase(host: HostFacts, port: number, viewpoint: string): Promise<Answer> {
  const at = endpoint(host, port, viewpoint);
  const shown = await shownByPostgres(at.address, at.port);
  if (shown === 'silent') return { silent: true };
  if (shown === 'plain') return { seen: [`PostgreSQL on ${host.name} speaks without TLS.`] };
  return expiry(`The certificate of PostgreSQL on ${host.name}`, new Date(shown.validTo));
}

async function ofHost(host: HostFacts, viewpoint: string, signal: AbortSignal): Promise<Answer> {
  const at = endpoint(host, host.ssh?.port ?? 22, viewpoint);
  const until = await hostCertificate(at, host.name, signal);
  if (until === null) return { seen: [`${host.name} shows a host key without a certificate.`] };
  return until === 'for ever'
    ? { seen: [`The host certificate of ${host.name} has no end.`] }
    : expiry(`The host certificate of ${host.name}`, until);
}

async function ofKey(key: string, signal: AbortSignal): Promise<Answer> {
  const until = await userCertificate(key, signal);
  if (until === null) return { seen: [`${key} is a key without a certificate.`] };
  return until === 'for ever' ? { seen: [`The certificate of ${key} has no end.`] } : expiry(`The certificate of ${key}`, until);
}

async function ofTemporal(): Promise<Answer> {
  const { tls } = loadClientConnectConfig().connectionOptions;
  const crt = typeof tls === 'object' && tls !== null ? tls.clientCertPair?.crt : undefined;
  if (crt === undefined) return { seen: ['The worker shows Temporal no certificate.'] };
  return expiry("The worker's certificate for Temporal", new Date(new X509Certificate(crt).validTo));
}
