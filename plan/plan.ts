/**
 * A plan: a runbook compiled against the inventory, with every name looked up and every step resolved.
 * Plain JSON. A run is pinned to it by its digest, so an edit to a file cannot disturb a run under way.
 * Everything here is read inside the workflow sandbox by `import type` only.
 */

export type { Json } from './json.ts';
export type * from './inventory-facts.ts';

import type { Json } from './json.ts';
import type { AwsFacts, HostFacts, SiteFacts, SystemFacts } from './inventory-facts.ts';

export type Kind = 'backup' | 'failover' | 'failback' | 'restore';
/** `planned`: the source still serves and is shut down cleanly. `unplanned`: the source is lost and is fenced. */
export type Mode = 'planned' | 'unplanned';
export type Effect = 'read' | 'change' | 'destroy';
/** What a step can prove of the old primary: that it was cut off, or that it was shut down with nothing left to send. */
export type ProofKind = 'fence' | 'shutdown';
/** How the sender of a decision is known: computed by the server, given by name, or not at all. */
export type Attestation = 'attested' | 'stated' | 'anonymous';

/**
 * A value that is only known while the run goes on, looked up (never evaluated) by path:
 * `['steps', ID, 'outputs', NAME, …]`, `['run', NAME]` or `['parameters', NAME]`.
 */
export interface Reference {
  readonly $ref: readonly string[];
}
/** Text with references in it: the parts are joined. */
export interface Template {
  readonly $text: readonly (string | Reference)[];
}
/** Any JSON in which a {@link Reference} or a {@link Template} may stand for a value. */
export type Late = Json | Reference | Template | readonly Late[] | { readonly [key: string]: Late };

export interface Action {
  /** Step type, `service.verb`. */
  readonly uses: string;
  readonly effect: Effect;
  readonly with: { readonly [field: string]: Late };
  /** The site that carries it out: its task queue. */
  readonly at: string;
  /** Every host that `with` names, by name. */
  readonly hosts: { readonly [name: string]: HostFacts };
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly retry: { readonly times: number; readonly wait: number };
  readonly provides: readonly ProofKind[];
  readonly requires: readonly ProofKind[];
  /** After it there is no way back without losing service or data. */
  readonly commits: boolean;
  /** From its start until a promotion the system does not serve. */
  readonly outage: boolean;
  /** Whether it can be undone. */
  readonly undo: boolean;
  /** It promotes: from its end the target serves. */
  readonly promotes: boolean;
  /** It protects: from its end a standby follows the site that serves. */
  readonly protects?: true;
  /** Of a plan of a rehearsal: it takes away by itself what it made. */
  readonly sweep?: true;
  /** Set where people carry it out or witness it: what is asked, and of how many. */
  readonly asks?: { readonly question: Late; readonly people: number; readonly approvers: readonly string[]; readonly covered?: true };
}

interface Node {
  readonly id: string;
  readonly needs: readonly string[];
  readonly only?: Mode;
  /** A reference to one boolean; where it is false the step counts as done. */
  readonly if?: Reference;
  /** Expected milliseconds from this step's start to the end of the longest path behind it, people's waits left out. */
  readonly remaining: number;
  /** Where it stands in the runbook: for messages. */
  readonly line: number;
}

export interface Step extends Node {
  readonly kind: 'step';
  readonly action: Action;
  /** Other acceptable ways, tried in turn when the one before has failed. */
  readonly else: readonly Action[];
  /** Steps before it whose proofs are handed over to it. */
  readonly proofs: readonly string[];
  /** One line for timelines and lists: the type and what it acts on. */
  readonly summary: string;
  /**
   * Of a plan of a rehearsal: `acts` on a copy, `proves` what can be proved of production by reading alone, or is left out for a
   * reason, and counts as done.
   */
  readonly rehearsal?: 'acts' | 'proves' | { readonly none: string };
}

export interface Gate extends Node {
  readonly kind: 'gate';
  readonly title: Late;
  readonly approvers: readonly string[];
  readonly count: number;
  readonly show: readonly { readonly label: string; readonly value: Late }[];
  /** Milliseconds; absent: it waits for ever, and reminds. */
  readonly expires?: number;
  readonly onExpiry: Expiry;
  /** Asked again when the data at risk has grown by more than this since it was asked, bytes. */
  readonly limit?: number;
}

export type Expiry =
  { readonly then: 'abort' | 'proceed' } | { readonly escalate: string; readonly expires: number; readonly then: 'abort' | 'proceed' };

/** Child runs, side by side. Each has a plan of its own, pinned by its digest. */
export interface Branch extends Node {
  readonly kind: 'branch';
  /**
   * `runs`: each child is a run like any other, with a record, which asks people itself. `wave`: each child carries out like steps
   * and hands back what failed, so that people are asked once for all of them.
   */
  readonly of: 'runs' | 'wave';
  readonly children: readonly Child[];
  /** How many at once. */
  readonly width: number;
  /** Where one fails: people are asked before what needs it begins, or the rest goes on. */
  readonly whenItFails: 'hold' | 'go-on';
  /** Of a plan of a rehearsal, as of a step. */
  readonly rehearsal?: Step['rehearsal'];
  /** A wave: the site of its steps, and their type. */
  readonly at?: string;
  readonly uses?: string;
  readonly summary: string;
}

export interface Child {
  /** Unique in its branch. */
  readonly name: string;
  readonly system: string;
  readonly kind: Kind;
  readonly runbook: string;
  readonly source: string;
  readonly target: string;
  readonly parameters: { readonly [name: string]: Json };
  readonly digest: string;
  /** How many steps it has; of a wave the number of its items. */
  readonly steps: number;
  /** Usual milliseconds from its start to its end, people's waits left out. */
  readonly expected: number;
}

export type PlanNode = Step | Gate | Branch;

export interface Objectives {
  /** Milliseconds. */
  readonly recoveryTime?: number;
  /** Milliseconds. */
  readonly recoveryPoint?: number;
  /** A planned run that has not promoted this long after it stopped the source backs out by itself. Milliseconds. */
  readonly outage?: number;
}

export interface RehearsalFacts {
  /** Digest of the plan that a live run would have had at that moment. */
  readonly of: string;
  /** How it differs from that plan, step by step. */
  readonly differs: readonly {
    readonly step: string;
    readonly how: 'on a copy' | 'proved by reading' | 'left out' | 'stood in for' | 'added';
    readonly text: string;
  }[];
  /** The mode that is rehearsed where none is given. */
  readonly mode: Mode;
  /** Whether people are asked at gates, or each is stood in for and not proven. */
  readonly gates: 'asked' | 'stood in for';
  /** How long copies are kept once it has ended, by how it did, milliseconds. */
  readonly keep: { readonly passed: number; readonly failed: number };
  /** Milliseconds from its start after which everything it made may be taken away, whatever became of it. */
  readonly expires: number;
  /** Site → where it may leave something there. */
  readonly places: { readonly [site: string]: SweepPlace };
}

/** Where a rehearsal may leave something at a site. */
export interface SweepPlace {
  /** Directories under which copies lie, on which host, and as which user of it they are looked for. Absent: the one who logs in. */
  readonly folders: readonly { readonly host: HostFacts; readonly root: string; readonly user?: string }[];
  /** Set where the site is of AWS. */
  readonly aws?: AwsFacts;
}

/** Somebody who is told, in one of three ways: of the events in `on`, and by steps that name a webhook. Credentials are references. */
export interface Recipient {
  readonly webhook?: string;
  /** Signs what is posted to the webhook. */
  readonly secret?: string;
  /** Address of a Slack-compatible webhook, by reference: whoever knows it can post there. */
  readonly slack?: string;
  readonly email?: {
    readonly to: readonly string[];
    readonly from: string;
    /** `smtp://HOST:PORT` or `smtps://HOST:PORT`. */
    readonly server: string;
    readonly user?: string;
    readonly password?: string;
  };
  /** Absent, in plans of before there were events: of none. */
  readonly on?: readonly string[];
  /** Of which systems. Absent: of all. */
  readonly systems?: readonly string[];
}

/** Everything of a plan but its steps. */
export interface PlanHeader {
  readonly format: 1;
  /** SHA-256, hex, of the canonical JSON of the header without this field and of the digests of the pages. Does not depend on the mode. */
  readonly digest: string;
  /** What the runbooks folder was at: a git revision with `+` where files were changed since, else absent. */
  readonly revision?: string;
  readonly runbook: string;
  readonly kind: Kind;
  readonly description: string;
  readonly system: SystemFacts;
  readonly source: { readonly site: string };
  readonly target: { readonly site: string };
  readonly hosts: { readonly [name: string]: HostFacts };
  readonly sites: { readonly [name: string]: SiteFacts };
  readonly objectives: Objectives;
  readonly parameters: { readonly [name: string]: Json };
  /** Role → names. */
  readonly people: { readonly [role: string]: readonly string[] };
  /** The least that a decision must be to count. */
  readonly decisions: Attestation;
  readonly notify: { readonly [name: string]: Recipient };
  /** Reference to the key that signs records. Absent: they are not signed. */
  readonly evidence?: { readonly key: string };
  /** Base URL of the Temporal UI, for links. */
  readonly ui?: string;
  readonly warnings: readonly string[];
  /** A run of a whole site: its name. The system then only stands for it. */
  readonly whole?: string;
  /** Set where it is the plan of a rehearsal: it acts on copies alone. */
  readonly rehearsal?: RehearsalFacts;
  /** Digest of each page of steps, in order. A page is at most 256 KiB. */
  readonly pages: readonly string[];
}

export interface Plan extends PlanHeader {
  readonly steps: readonly PlanNode[];
}
