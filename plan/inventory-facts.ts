/** What a plan holds of the inventory: as much as its steps need. Plain JSON; read inside the workflow sandbox by `import type` only. */
import type { Json } from './json.ts';

/** Where something listens, as one viewpoint sees it. Ports map the port a service has to the one that reaches it. */
export interface View {
  readonly address: string;
  readonly ports: { readonly [port: string]: number };
}

/** Facts of a controller that switches a host's power. */
export interface PowerFacts {
  readonly driver: string;
  readonly address: string;
  readonly user?: string;
  /** A reference to a secret (`env:NAME`, `file:PATH`, `aws:SITE:NAME`), never the secret. */
  readonly password?: string;
  /** Path of the certificate that the controller must show, PEM. */
  readonly certificate?: string;
  /** The controller's own name for the machine. Default: the only one it has. */
  readonly system?: string;
  /** Further parameters of a fence agent, by its own names, such as `{ lanplus: '1', cipher: '3' }`. */
  readonly options?: { readonly [name: string]: string };
}

/** How the OpenSSH client logs in at a host. Paths are of the worker's machine. */
export interface SshFacts {
  readonly user: string;
  readonly port: number;
  /** Path of the private key. Absent: the client's own (agent, configuration). */
  readonly key?: string;
  /** Path of a known_hosts file, with the host keys or the authority that signs them. Absent: the client's own. */
  readonly knownHosts?: string;
}

/** A device that can cut a line, and how it is told to: argument vectors that it runs. `state` prints `cut` or `open`. */
export interface LineFacts {
  readonly device: HostFacts;
  readonly cut: readonly string[];
  readonly heal: readonly string[];
  readonly state: readonly string[];
}

/** One region of one AWS account, and how it is reached. */
export interface AwsFacts {
  readonly region: string;
  /** The account that it MUST be, twelve digits. Absent: whichever the credentials are of. */
  readonly account?: string;
  readonly profile?: string;
  readonly role?: { readonly arn: string; readonly externalId?: string };
  /** Absent: the endpoints of AWS itself. */
  readonly endpoint?: string;
  readonly fips?: boolean;
  readonly dualStack?: boolean;
  /** The part of the account's API limits that may be used, more than 0, 1 at the most. */
  readonly apiShare: number;
}

/** Facts of a host, as far as a step needs them. */
export interface HostFacts {
  readonly name: string;
  readonly site: string;
  readonly connection: 'local' | 'ssh';
  /** Set where it is a copy that a rehearsal makes: the host of production that it is a copy of. Its name is no host's of the inventory. */
  readonly copyOf?: string;
  /** By viewpoint: a site's name, `outside`, or `default`. */
  readonly views: { readonly [viewpoint: string]: View };
  /** A port that answers with a greeting whenever the machine is up, whatever it runs: its sign of life. Default 22. */
  readonly alive: number;
  readonly power?: PowerFacts;
  /** The EC2 instance that it is. */
  readonly instance?: string;
  /** Set where `connection` is `ssh`. */
  readonly ssh?: SshFacts;
  /** The host's own switch port: a cut there is a fence. */
  readonly port?: LineFacts;
  /** The router of its site. A cut there is a fence only where `nothingWritesInside` says so. */
  readonly router?: LineFacts & { readonly nothingWritesInside: boolean };
  /** Something else on the same network that greets, and so tells a dead host from a cut link. */
  readonly witness?: { readonly port: number; readonly views: { readonly [viewpoint: string]: View } };
}

/** Facts of a PostgreSQL system that runs on two members. */
export interface PostgresFacts {
  /** Site → host name. */
  readonly members: { readonly [site: string]: string };
  readonly port: number;
  /** Data directory: one for all members, or by site. */
  readonly data: { readonly [site: string]: string };
  /** Directory of PostgreSQL's programs on the hosts, by site. Absent: they are on the path. */
  readonly bin: { readonly [site: string]: string };
  readonly database: string;
  readonly user: string;
  /** A reference to a secret. */
  readonly password?: string;
  /** Operating-system user who owns the data directory on the hosts. Absent: the one as whom commands run there anyway. */
  readonly owner?: string;
  /** How a standby logs in at its primary, and a rewind at its source. */
  readonly replication?: { readonly user: string; readonly rewindUser: string; readonly passfile?: string };
  /** Argument vectors that start and stop the server on its host, and tell whether it starts at boot (prints `enabled` or `disabled`). By site. */
  readonly service: {
    readonly [site: string]: { readonly start: readonly string[]; readonly stop: readonly string[]; readonly enabled: readonly string[] };
  };
}

export interface ProbeFacts {
  /** Base URL of the probe's HTTP interface. Absent: the system is not probed and nothing is measured. */
  readonly url?: string;
  /** Interval between two markers, milliseconds. */
  readonly every: number;
  /** How many good markers in a row count as served again. */
  readonly good: number;
}

/** A place where backups lie, reached on its host. */
export interface StoreFacts {
  readonly name: string;
  readonly site: string;
  readonly tool: 'pgbackrest' | 'restic';
  /** The host whose disk it is on. */
  readonly host: HostFacts;
  /** Directory there. */
  readonly path: string;
  /** Operating-system user there who owns it. */
  readonly owner?: string;
  /** restic: the repository as the hosts that save into it name it, such as `rclone:orders`. Default: `path`, on its own host only. */
  readonly url?: string;
  /** restic: file with the password, on every host that opens it. */
  readonly passwordFile?: string;
  /** restic: further `-o` options of the client, such as `rclone.program=ssh vault@b-app`. */
  readonly options?: readonly string[];
  /** Those who save into it can delete nothing from it. Stated here, and proved by trying. */
  readonly appendOnly: boolean;
}

/** How one kind of data is backed up. Backups follow the site that serves. */
export interface BackedUp {
  /** Site that serves → the store of backups taken then. */
  readonly stores: { readonly [site: string]: StoreFacts };
  /** Site that serves → the store, in another failure domain, of their copies. */
  readonly copies: { readonly [site: string]: StoreFacts };
}
export interface BackupFacts {
  /** pgBackRest. `config`: path of its configuration file on every host. */
  readonly postgres?: BackedUp & { readonly stanza: string; readonly config: string };
  /**
   * restic. `hosts`: site that serves → the host whose files are saved; `paths`: absolute.
   * `user`: operating-system user as whom they are read and written there. Absent: root by SSH, else the one who runs the worker.
   */
  readonly files?: BackedUp & {
    readonly hosts: { readonly [site: string]: string };
    readonly paths: readonly string[];
    readonly user?: string;
  };
}

/** Facts of a database of Amazon RDS. */
export interface RdsFacts {
  /** Site → identifier of the instance there; of the cluster, where `global` is set. */
  readonly members: { readonly [site: string]: string };
  /** Identifier of the Aurora global cluster. */
  readonly global?: string;
  readonly port: number;
  readonly database: string;
  /** Absent: no step reads rows. */
  readonly login?: { readonly user: string; readonly password?: string };
  /** Site → where it is reached, where that is not the endpoint that AWS gives. */
  readonly connect: { readonly [site: string]: { readonly address: string; readonly port?: number } };
  /** Path, on the workers' machines, of the authorities' certificates, PEM. Absent: those that Node.js trusts. */
  readonly certificates?: string;
}

/** The record of Route 53 by which clients find the site that serves. */
export interface TrafficFacts {
  readonly zone: string;
  readonly record: string;
  readonly type: 'A' | 'AAAA' | 'CNAME';
  /** Site → set identifier of its weighted or failover record. */
  readonly identifiers: { readonly [site: string]: string };
}

/** Facts of the system that a run moves. */
export interface SystemFacts {
  readonly name: string;
  readonly tier: number;
  /** After a live failover it is not failed over again for so long, unless people lift the pause. Milliseconds; absent: it may be at once. */
  readonly rest?: number;
  readonly postgres?: PostgresFacts;
  readonly rds?: RdsFacts;
  readonly traffic?: TrafficFacts;
  /** Site → what it has there, by name. */
  readonly resources?: { readonly [site: string]: { readonly [name: string]: Json } };
  readonly backups?: BackupFacts;
  readonly probe?: ProbeFacts;
  /** How old a proof of each kind may be, milliseconds. */
  readonly promised?: { readonly [what in 'backup' | 'rehearsal' | 'exercise' | 'readiness']?: number };
  /** Set in a plan of a rehearsal: where its copies lie. */
  readonly copies?: CopyFacts;
}

/** Where the copies of a rehearsal lie, and of what they are made. */
export interface CopyFacts {
  /** The copy of the database: a host of {@link HostFacts.copyOf}. Its port and directory are the system's own in this plan. */
  readonly postgres?: {
    readonly host: string;
    /** The member of production that it is made of, and how that is reached: only read. */
    readonly of: string;
    readonly original: PostgresFacts;
    /** `member`: a base backup of what runs there. `backup`: the last backup in the store. */
    readonly from: 'member' | 'backup';
  };
  /** The copy of the database of RDS, under an identifier of its own, and the member of production at that site that it stands in for. */
  readonly rds?: { readonly site: string; readonly id: string; readonly of: string };
  /** The system as it is in service, for what is only read of it. */
  readonly inService: Pick<SystemFacts, 'postgres' | 'rds'>;
  /** Directory on a copy's host under which everything lies that a rehearsal restores: nothing else there is ever touched. */
  readonly root: string;
  /** Milliseconds from the rehearsal's start after which its copies may be taken away, whatever became of it. */
  readonly expires: number;
}

export interface SiteFacts {
  readonly kind: 'physical' | 'aws';
  /** How many steps may run there at once. */
  readonly steps: number;
  /** Folder of the record store there. */
  readonly records?: string;
  /** Set where `kind` is `aws`. */
  readonly aws?: AwsFacts;
}
