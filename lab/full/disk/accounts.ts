import { readFileSync } from 'node:fs';
import { put } from './put.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** People and services that the hosts have beside those that Debian's packages make. */
const own = {
  ops: { uid: 2001, home: '/home/ops' },
  pgbackrest: { uid: 2002, home: '/home/pgbackrest' },
  vault: { uid: 2003, home: '/home/vault' },
} as const;
/** Those who may read the keys of the stores. */
const keepers = { gid: 2010, members: ['pgbackrest', 'vault', 'postgres'] } as const;

export const keyReaders: Account = { uid: 0, gid: keepers.gid };

/** Numbers of an account on the hosts. */
export function account(name: string): Account {
  const mine = own[name as keyof typeof own];
  if (mine) return { uid: mine.uid, gid: mine.uid };
  const [, , uid, gid] = entries('/etc/passwd').find(([one]) => one === name) ?? [];
  if (uid === undefined) throw new Error(`This machine has no user ${name}: is its package installed?`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Nobody has a password; people of this machine do not exist on the hosts. */
export function writeAccounts(disk: string): void {
  const system = entries('/etc/passwd').filter(([name, , uid]) => !Object.hasOwn(own, name!) && (Number(uid) < 1000 || name === 'nobody'));
  const passwd = [
    ...system.map(([name, , uid, gid, info, home, shell]) => [name, 'x', uid, gid, info, home, shell]),
    ...Object.entries(own).map(([name, { uid, home }]) => [name, 'x', uid, uid, '', home, '/bin/bash']),
  ];
  const groups = [
    ...entries('/etc/group').filter(([name, , gid]) => Number(gid) < 2000 && !Object.hasOwn(own, name!)),
    ...Object.entries(own).map(([name, { uid }]) => [name, 'x', uid, '']),
    ['lifeboat', 'x', keepers.gid, keepers.members.join(',')],
  ].map(([name, secret, gid, members]) => [name, secret, gid, name === 'haproxy' ? 'ops' : members]);
  put(disk, 'etc/passwd', lines(passwd));
  put(disk, 'etc/group', lines(groups));
  const shadow = account('root');
  put(disk, 'etc/shadow', lines(passwd.map(([name]) => [name, '*', 19_000, 0, 99_999, 7, '', '', ''])), {
    mode: 0o640,
    group: { ...shadow, gid: shadowGroup() },
  });
  put(disk, 'etc/gshadow', lines(groups.map(([name, , , members]) => [name, '*', '', members])), {
    mode: 0o640,
    group: { ...shadow, gid: shadowGroup() },
  });
}

function shadowGroup(): number {
  return Number(entries('/etc/group').find(([name]) => name === 'shadow')?.[2] ?? 0);
}

function entries(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(':'));
}

const lines = (rows: readonly (readonly unknown[])[]): string => `${rows.map((row) => row.join(':')).join('\n')}\n`;
