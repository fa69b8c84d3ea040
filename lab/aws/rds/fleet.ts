import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../ports.ts';
import { databasesOf, type CloudHome } from '../home.ts';
import { diskIn, makeEmpty } from './cluster.ts';
import { Database } from './database.ts';

/** A call of RDS that has taken effect in the emulator. */
export interface RdsCall {
  readonly operation: string;
  readonly account: string;
  readonly region: string;
  /** As they are on the wire: `DBInstanceIdentifier`, `VpcSecurityGroupIds.VpcSecurityGroupId.1`. */
  readonly parameters: { readonly [name: string]: string };
}

export interface DatabaseState {
  /** Whether its security groups let anybody in. */
  readonly open: boolean;
  /** Its master user; null where it has none. */
  readonly master: string | null;
}

/** What the emulator says of its databases and snapshots, by `ACCOUNT/REGION/ID`. */
export interface FleetState {
  readonly databases: { readonly [key: string]: { readonly phase: string; readonly port: number } };
  readonly snapshots: { readonly [key: string]: string };
}

interface Snapshot {
  readonly files: Promise<string>;
  state: 'creating' | 'available' | 'failed';
}

/** Every emulated PostgreSQL of RDS is a real one here, in whatever region and account. */
export class Fleet {
  readonly #home: CloudHome;
  readonly #databases = new Map<string, Database>();
  readonly #snapshots = new Map<string, Snapshot>();
  /** What restores to a point in time are made from, of databases that are no more. */
  readonly #kept = new Map<string, Database>();
  readonly #empty: Promise<string>;
  #made = 0;

  constructor(home: CloudHome) {
    this.#home = home;
    mkdirSync(databasesOf(home), { recursive: true, mode: 0o711 });
    if (home.user) chownSync(databasesOf(home), home.user.uid, home.user.gid);
    this.#empty = makeEmpty(home);
    this.#empty.catch(() => {});
  }

  state(): FleetState {
    return {
      databases: Object.fromEntries([...this.#databases].map(([key, { phase, port }]) => [key, { phase, port }])),
      snapshots: Object.fromEntries([...this.#snapshots].map(([key, { state }]) => [key, state])),
    };
  }

  /** Whether each database lets anybody in, by its security groups. */
  let(all: { readonly [key: string]: DatabaseState }): void {
    for (const [key, { open }] of Object.entries(all)) this.#databases.get(key)?.let(open);
  }

  /** Nothing in a region does anything, until it goes on where it was. */
  async freeze(region: string): Promise<void> {
    await Promise.all(this.#in(region).map((database) => database.freeze()));
  }

  async thaw(region: string): Promise<void> {
    await Promise.all(this.#in(region).map((database) => database.thaw()));
  }

  /** Does for real what the emulator did. Returns once it has begun; what it takes is seen in the state. */
  async take(call: RdsCall, now: { readonly [key: string]: DatabaseState }): Promise<void> {
    const { parameters: given } = call;
    const id = keyIn(call, given['DBInstanceIdentifier'] ?? given['TargetDBInstanceIdentifier'] ?? '');
    const snapshot = keyIn(call, given['DBSnapshotIdentifier'] ?? given['TargetDBSnapshotIdentifier'] ?? '');
    const database = this.#databases.get(id);
    switch (call.operation) {
      case 'CreateDBInstance':
        if (given['Engine'] !== 'postgres' || given['DBClusterIdentifier'] !== undefined) return;
        return begun((await this.#make(id)).create(this.#empty, given['DBName'], masterOf(given)));
      case 'CreateDBInstanceReadReplica': {
        const source = this.#databases.get(keyIn(call, given['SourceDBInstanceIdentifier'] ?? ''));
        return source && begun((await this.#make(id)).follow(source));
      }
      case 'RestoreDBInstanceFromDBSnapshot': {
        const copy = this.#snapshots.get(snapshot);
        return copy && begun((await this.#make(id)).restore(copy.files));
      }
      case 'RestoreDBInstanceToPointInTime': {
        const from = keyIn(call, given['SourceDBInstanceIdentifier'] ?? '');
        const source = this.#databases.get(from) ?? this.#kept.get(from);
        return source && begun((await this.#make(id)).rewind(source, given['RestoreTime']));
      }
      case 'CreateDBSnapshot':
        return database && this.#save(snapshot, (to) => database.copy(to));
      case 'CopyDBSnapshot': {
        const copy = this.#snapshots.get(keyIn(call, given['SourceDBSnapshotIdentifier'] ?? ''));
        // The same bytes: nobody ever writes to a snapshot.
        if (copy) this.#snapshots.set(snapshot, copy);
        return;
      }
      case 'DeleteDBSnapshot':
        return void this.#snapshots.delete(snapshot);
      case 'PromoteReadReplica':
        return database && begun(database.promote());
      case 'StopDBInstance':
        if (database && given['DBSnapshotIdentifier'] !== undefined) this.#save(snapshot, (to) => database.copy(to));
        return database && begun(database.stop());
      case 'StartDBInstance':
        return database && begun(database.start());
      case 'RebootDBInstance':
        return database && begun(database.start('rebooting'));
      case 'ModifyDBInstance':
        return database && this.#modify(id, database, call, now);
      case 'DeleteDBInstance':
        return database && this.#delete(id, database, call);
    }
  }

  #in(region: string): Database[] {
    return [...this.#databases].flatMap(([key, database]) => (key.split('/')[1] === region ? [database] : []));
  }

  async #make(key: string): Promise<Database> {
    const [port, own] = (await freePorts(2)) as [number, number];
    const database = new Database(this.#home, diskIn(this.#home, String((this.#made += 1))), [port, own]);
    this.#databases.set(key, database);
    return database;
  }

  #save(key: string, copy: (to: string) => Promise<void>): void {
    const folder = join(databasesOf(this.#home), `snapshot-${(this.#made += 1)}`);
    const files = copy(folder).then(() => folder);
    const snapshot: Snapshot = { files, state: 'creating' };
    this.#snapshots.set(key, snapshot);
    files.then(
      () => (snapshot.state = 'available'),
      () => {
        snapshot.state = 'failed';
        rmSync(folder, { recursive: true, force: true });
      },
    );
  }

  #modify(key: string, database: Database, call: RdsCall, now: { readonly [key: string]: DatabaseState }): void {
    const { MasterUserPassword: password, NewDBInstanceIdentifier: renamed } = call.parameters;
    const user = now[renamed === undefined ? key : keyIn(call, renamed)]?.master;
    if (password !== undefined && user != null) begun(database.setPassword(user, password));
    if (renamed === undefined) return;
    this.#databases.delete(key);
    this.#databases.set(keyIn(call, renamed), database);
  }

  #delete(key: string, database: Database, call: RdsCall): void {
    const { FinalDBSnapshotIdentifier: last, DeleteAutomatedBackups: remove } = call.parameters;
    if (last !== undefined) this.#save(keyIn(call, last), (to) => database.copy(to));
    this.#databases.delete(key);
    const keep = remove?.toLowerCase() === 'false';
    if (keep) this.#kept.set(key, database);
    begun(database.end(keep));
  }
}

/** `ACCOUNT/REGION/ID` of an id there, or of an ARN from anywhere. */
function keyIn({ account, region }: RdsCall, named: string): string {
  const arn = /^arn:[^:]+:rds:([^:]+):(\d{12}):[a-z-]+:(.+)$/u.exec(named);
  return (arn ? `${arn[2]}/${arn[1]}/${arn[3]}` : `${account}/${region}/${named}`).toLowerCase();
}

function masterOf({ MasterUsername: user = 'postgres', MasterUserPassword: password = '' }: RdsCall['parameters']) {
  return { user, password };
}

/** How it ends is seen in the state, and in the log. */
function begun(work: Promise<void>): void {
  work.catch(() => {});
}
