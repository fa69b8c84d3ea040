import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { hostFacts, siteFacts } from '../../../plan/facts.ts';
import type { HostFacts, SystemFacts } from '../../../plan/plan.ts';
import type { Way } from '../../../workflows/wire.ts';
import { awsSites, cloudOf } from '../../cloud.ts';
import { backupsOf, fencesOf } from '../../ours.ts';
import { secret } from '../../secret.ts';
import type { Loaded } from '../folder.ts';
import type { Question } from './ask.ts';
import { awsQuestions } from './aws.ts';
import { certificateQuestions } from './certificates.ts';
import { hostQuestions } from './hosts.ts';
import { keyQuestions } from './keys.ts';
import type { Looking } from './look-context.ts';
import { memberQuestions } from './members.ts';
import type { Planned } from './planned.ts';
import { preflightQuestions } from './preflights.ts';

export interface AtSite {
  readonly client: Client;
  readonly folder: Loaded;
  readonly system: SystemFacts;
  readonly ways: readonly Way[];
  readonly planned: readonly Planned[];
  /** The site that looks. */
  readonly worker: string;
}

/** What is asked at a site. */
export interface Local extends AtSite {
  readonly hosts: { readonly [name: string]: HostFacts };
  looking(signal: AbortSignal): Looking;
  cloud(signal: AbortSignal): ReturnType<typeof cloudOf> & { readonly signal: AbortSignal };
  secret(reference: string, signal: AbortSignal): Promise<string>;
}

/** What is seen from one site: its part of every runbook, its hosts, its copy of the data, and what runs out there. */
export function questionsOfSite(about: AtSite): Question[] {
  const local = localOf(about);
  return [
    ...preflightQuestions(local),
    ...memberQuestions(local),
    ...keyQuestions(local),
    ...hostQuestions(local),
    ...certificateQuestions(local),
    ...awsQuestions(local),
  ];
}

function localOf(about: AtSite): Local {
  const { client, folder, system } = about;
  const { data: inventory } = folder.inventory;
  const sites = awsSites(siteFacts(inventory));
  const id = randomUUID();
  const cloud: Local['cloud'] = (signal) => ({ ...cloudOf(sites, 'readiness'), signal });
  return {
    ...about,
    hosts: Object.fromEntries(Object.keys(inventory.hosts).map((name) => [name, hostFacts(inventory, name)!])),
    cloud,
    secret: (reference, signal) => secret(reference, cloud(signal)),
    looking: (signal) => ({
      id,
      signal,
      backups: () => backupsOf(client, system.name),
      fences: () => fencesOf(client, system.name),
    }),
  };
}
