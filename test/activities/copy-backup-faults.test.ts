import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemFacts } from '../../plan/plan.ts';
import { bin, canBackUp, type Backed } from './backrest.ts';
import { backupCopy, type BackupCopy } from './backup-copy.ts';
import { failure, typeOf, type Options } from './estate.ts';

/** What a copy made of the last backup says, and leaves alone, where it cannot be made. */
describe('copy.postgres from a backup that cannot be had', function () {
  this.timeout(120_000);
  const type = typeOf('copy.postgres');
  const input = { host: 'copy-of-b-db' };
  let its: BackupCopy;
  let at: Backed;
  before(async function () {
    if (!canBackUp()) this.skip();
    its = await backupCopy();
    at = its.at;
  });
  after(() => at?.end());
  afterEach(() => its?.sweep());
  const own = (options?: Options) => its.own(options);
  const make = (made?: ReturnType<typeof own>) => its.make(made);
  const rows = () => its.rows();

  it('overwrites nothing: neither what people left there nor the copy of another rehearsal', async () => {
    mkdirSync(`${its.root}/orders`, { recursive: true });
    writeFileSync(`${its.root}/orders/precious`, 'x');
    if (at.owner) spawnSync('chown', ['-R', at.owner, its.root]);
    for (const phase of [() => type.preflight(input, own()), () => make()]) assert.equal((await failure(phase())).code, 'copy-there');
    assert.equal(readFileSync(`${its.root}/orders/precious`, 'utf8'), 'x');
    spawnSync('rm', ['-r', its.root]);
    await make();
    assert.equal((await failure(make())).code, 'another-rehearsal');
    assert.ok((await rows()) >= 5010);
  });

  it('says by name what is not there: a store, a stanza, the right version, a backup', async () => {
    const said = async (facts: SystemFacts) => {
      const made = own({ system: facts });
      const { code, remedy } = await failure(type.preflight(input, made));
      assert.equal((await failure(make(made))).code, code);
      assert.equal(existsSync(its.data), false);
      await its.sweep();
      return [code, remedy];
    };
    const { postgres: _, ...none } = its.system.backups!;
    assert.deepEqual(await said({ ...its.system, backups: none }), ['no-backups', 'mistake']);
    assert.deepEqual(await said(its.changed({ stores: {} })), ['no-store', 'mistake']);
    assert.deepEqual(await said(its.changed({ stanza: 'nobody' })), ['stanza-missing', 'mistake']);
    const other = join(at.folder, 'other', 'bin');
    at.as(
      'sh',
      '-c',
      `mkdir -p ${other} && ln -sf ${bin}/* ${other} && rm ${other}/postgres && printf '#!/bin/sh\\necho "postgres (PostgreSQL) 14.2"\\n' > ${other}/postgres && chmod +x ${other}/postgres`,
    );
    const old = { ...its.system, postgres: { ...its.system.postgres!, bin: { ...its.system.postgres!.bin, 'site-b': other } } };
    assert.deepEqual(await said(old), ['backup-wrong-version', 'person']);
    const empty = join(at.folder, 'other', 'repo');
    at.as('pgbackrest', `--config=${its.system.backups!.postgres!.config}`, '--stanza=orders', `--repo1-path=${empty}`, 'stanza-create');
    assert.deepEqual(await said(its.changed({ stores: { 'site-a': { ...at.store, path: empty } } })), ['no-backup', 'mistake']);
  });

  it('tells a hole in the archive from its end, and knows the segment that is missing', async () => {
    const { stop } = (at.info()[0] as unknown as { archive: { stop: string } }).archive;
    const segments = its.segments();
    const behind = segments.at(-2)!;
    assert.ok(behind > stop && segments.includes(stop), `${stop} of ${segments.join(' ')}`);
    // Without the first the copy never becomes consistent; without the other it is, and lacks what came after.
    for (const missing of [stop, behind]) {
      const store = join(at.folder, 'other', `without-${missing}`);
      at.as('cp', '-a', at.store.path, store);
      at.as('find', join(store, 'archive'), '-name', `${missing}-*`, '-delete');
      const error = await failure(make(own({ system: its.changed({ stores: { 'site-a': { ...at.store, path: store } } }) })));
      assert.deepEqual([error.code, error.remedy], ['archive-missing', 'person']);
      assert.match(error.message, new RegExp(`segment ${missing} `));
      await its.sweep();
    }
  });

  it('sees before it begins that the disk is too small, and does not take what a killed attempt left for want of room (as root)', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const { size } = (at.info().at(-1) as unknown as { info: { size: number } }).info;
    const mount = (bytes: number) => {
      mkdirSync(its.root, { recursive: true });
      const uid = at.as('id', '-u').trim();
      assert.equal(
        spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes / 1024)}k,uid=${uid},mode=700`, 'tmpfs', its.root]).status,
        0,
      );
    };
    const unmount = () => assert.equal(spawnSync('umount', [its.root]).status, 0);
    mount(size / 2);
    try {
      for (const phase of [() => type.preflight(input, own()), () => make()]) {
        const { code, remedy } = await failure(phase());
        assert.deepEqual([code, remedy], ['disk-full', 'person']);
        assert.equal(existsSync(its.data), false);
      }
    } finally {
      unmount();
    }
    mount(size * 1.1 + 80e6);
    try {
      const made = own();
      const dies = async () => {
        if (existsSync(`${its.root}/orders/rows.json`)) throw new Error('killed');
      };
      await assert.rejects(make({ ...made, stillOurs: dies }), /killed/);
      at.as('mkdir', '-p', its.data);
      at.as('sh', '-c', `head -c ${Math.ceil(size)} /dev/zero > ${its.data}/half`);
      await make(made);
      assert.ok((await rows()) >= 5010);
      await its.sweep();
    } finally {
      unmount();
    }
  });
});
