import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineFiles } from '../../cli/verify-records.ts';
import { headLine, headText, headType } from '../../record/evidence/head.ts';
import { recordType, signOffType, statementText } from '../../record/evidence/statement.ts';
import { makeRecord } from '../../record/record.ts';
import { report } from '../../record/report.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import { contentOf, digestOf, seal, signed, signingKey, type Envelope, type Key } from '../../worker/evidence/dsse.ts';
import { folderStore } from '../../worker/stores/folder.ts';
import { keepRecord } from '../../worker/stores/keep-record.ts';
import { recovered } from '../record/samples.ts';
import { json, lifeboat } from './call.ts';

describe('records that were signed', function () {
  this.timeout(30_000);
  const own = keyPair();
  const erin = keyPair();
  let [folder, key, erinKey, head] = ['', '', '', ''];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-records-'));
    key = join(folder, 'record.key.pub');
    erinKey = join(folder, 'erin.key.pub');
    await writeFile(key, own.publicKey);
    await writeFile(erinKey, erin.publicKey);
    head = headOf(await chain(join(folder, 'whole'), 4));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('leave no doubt where nobody touched them', async () => {
    const called = await lifeboat(['verify', join(folder, 'whole'), '--key', key, '--head', head]);
    assert.deepEqual([called.code, called.out.trim()], [0, '4 records read: as signed.']);
  });

  it('do not prove that they are the newest where no head is known from elsewhere', async () => {
    const called = await lifeboat(['verify', join(folder, 'whole'), '--key', key]);
    assert.equal(called.code, 0);
    assert.match(called.out, /not proven .* is the newest of orders is not proven/);
  });

  const tamperings: readonly (readonly [what: string, tamper: (at: string) => Promise<unknown>, found: readonly string[]])[] = [
    [
      'an edit of what was signed',
      (at) => edit(at, 1, (text) => text.replace('orders-failover', 'orders-failback')),
      ['edited 1', 'reordered 2'],
    ],
    ['an edit of the readable record', (at) => replace(at, 2, '.json', 'unplanned', 'planned'), ['edited 2']],
    ['an edit of the report', (at) => replace(at, 2, '.html', 'site-b', 'site-c'), ['edited 2']],
    ['a deletion in the middle', (at) => remove(at, 2), ['missing orders']],
    ['the newest taken away', (at) => remove(at, 4), ['truncated orders']],
    ['two that were exchanged by somebody with the key', (at) => exchange(at), ['reordered 2', 'reordered 4']],
    ['a number that is there twice', (at) => again(at, 4), ['duplicate 9']],
    ['a signature by another key', (at) => seals(at, 4, (text) => [text, keyPair().signer]), ['forged 4']],
    ['a signature that was taken from another record', (at) => graft(at), ['edited 4']],
    [
      'a step that was completed by a stranger',
      (at) => seals(at, 4, (text) => [text.replace('"closedBy":null', '"closedBy":"mallory@laptop"'), own.signer]),
      ['stranger 4'],
    ],
    [
      'a record of another system',
      (at) => seals(at, 4, (text) => [text.replace('"system":"orders","runbook"', '"system":"billing","runbook"'), own.signer]),
      ['swapped 4'],
    ],
    ['a sign-off that is of another record', (at) => signOff(at, 4, 3), ['sign-off 4']],
    ['the signature taken away from an edited one', (at) => strip(at, 4), ['unsigned 4']],
    [
      'what is no record under a good signature',
      (at) => seals(at, 2, () => ['{"format":1,"record":null,"place":null}', own.signer]),
      ['edited 2'],
    ],
    ['a number that is none', (at) => seals(at, 4, (text) => [text.replace('"number":4', '"number":"x"'), own.signer]), ['edited 4']],
    ['a record that was made by somebody who may sign off', (at) => seals(at, 4, (text) => [text, erin.signer]), ['forged 4']],
    ['a sign-off in the name of somebody else', (at) => signOff(at, 4, 4, erin.signer, 'dora'), ['forged 4']],
    ['a sign-off that nobody signed', (at) => signOff(at, 4, 4, null), ['unsigned 4']],
    ['a sign-off that was edited', (at) => signOff(at, 4, 4, keyPair().signer), ['forged 4']],
  ];
  for (const [what, tamper, found] of tamperings)
    it(`show ${what}`, async () => {
      const at = join(folder, what.replaceAll(' ', '-'));
      await cp(join(folder, 'whole'), at, { recursive: true });
      await tamper(at);
      const { doubts } = await examineFiles([at], { keys: [key], signers: [`erin=${erinKey}`], heads: [head] });
      const told = doubts
        .filter(({ bad }) => bad)
        .map((doubt) => `${doubt.what} ${doubt.where === 'orders' ? 'orders' : numberOf(doubt.where)}`);
      for (const one of found) assert.ok(told.includes(one), `${one} is not among: ${told.join(', ')}`);
    });

  it('that were tampered with end the command with 1, and say which and how', async () => {
    const at = join(folder, 'two-changes');
    await cp(join(folder, 'whole'), at, { recursive: true });
    await replace(at, 3, '.html', 'site-b', 'site-c');
    await remove(at, 2);
    const called = await lifeboat(['verify', at, '--key', key, '--head', head, '--json']);
    assert.equal(called.code, 1);
    assert.equal(json(called).ok, false);
    const words = await lifeboat(['verify', at, '--key', key, '--head', head]);
    assert.equal(words.code, 1);
    assert.match(words.out, /missing {2}orders: of orders number 2 is missing/);
    assert.match(words.out, /edited {2}.*-run3.*the report beside it is not the one that was made of it/s);
    assert.match(words.out, /3 records read: 2 things are not as signed/);
  });

  it('are each as signed where single ones are looked at, and no gap is held against them', async () => {
    const [, second, , fourth] = await statements(join(folder, 'whole'));
    const { doubts } = await examineFiles([second!, fourth!], { keys: [key] });
    assert.deepEqual([...new Set(doubts.map((doubt) => [doubt.what, doubt.bad].join()))], ['not proven,false']);
  });

  it('are held to a head whose own signature is looked at', async () => {
    const forged = `${head.split(':').slice(0, 3).join(':')}:${Buffer.alloc(64).toString('base64')}`;
    const { doubts } = await examineFiles([join(folder, 'whole')], { keys: [key], heads: [forged] });
    assert.deepEqual(
      doubts.map(({ what, bad }) => [what, bad]),
      [
        ['not proven', false],
        ['forged', true],
      ],
    );
  });

  it('that bear no signature say so, and are not taken for forged', async () => {
    const at = join(folder, 'unsigned');
    await chain(at, 1, null);
    const called = await lifeboat(['verify', at, '--key', key]);
    assert.equal(called.code, 0);
    assert.match(called.out, /unsigned .*anybody may have written it/);
  });

  it('cannot be taken for a statement of another type', async () => {
    const at = join(folder, 'typed');
    await cp(join(folder, 'whole'), at, { recursive: true });
    const [file] = await statements(at);
    const envelope = JSON.parse(await readFile(file!, 'utf8')) as Envelope;
    await writeFile(file!, JSON.stringify({ ...envelope, payloadType: signOffType }));
    const { doubts } = await examineFiles([at], { keys: [key], heads: [head] });
    assert.ok(doubts.some(({ what, where }) => what === 'edited' && where === file));
  });

  it('are signed off by a second statement, and stay as they are', async () => {
    const at = join(folder, 'signed-off');
    await cp(join(folder, 'whole'), at, { recursive: true });
    const [private_, public_] = [join(at, 'erin.key'), join(at, 'erin.key.pub')];
    assert.equal((await lifeboat(['keys', private_])).code, 0);
    const record = (await statements(at))[3]!;
    const before = await readFile(record);
    const args = ['sign-off', record, '--key', private_, '--as', 'erin@example.com', '--role', 'auditor', '--words', 'Accepted.'];
    assert.equal((await lifeboat(args)).code, 0);
    assert.equal((await lifeboat(args)).code, 2, 'what was signed is not written over');
    assert.deepEqual(await readFile(record), before);
    const untrusted = await lifeboat(['verify', at, '--key', key, '--head', head]);
    assert.deepEqual([untrusted.code, /forged .*sign-off-erin/.test(untrusted.out)], [1, true]);
    const both = await lifeboat(['verify', at, '--key', key, '--signer', `erin@example.com=${public_}`, '--head', head]);
    assert.equal(both.code, 0);
    assert.match(both.out, /signed off .*by erin@example\.com \(auditor\), who took no part in it, at .*: Accepted\./);
  });

  it('are the same in every store, and a sign-off in one of them is of both', async () => {
    const [one, other] = [join(folder, 'store-a'), join(folder, 'store-b')];
    for (const at of [one, other]) await cp(join(folder, 'whole'), at, { recursive: true });
    await signOff(other, 4, 4);
    const { doubts, signOffs } = await examineFiles([one, other], { keys: [key], signers: [`erin=${erinKey}`], heads: [head] });
    assert.deepEqual([doubts, signOffs.map(({ by }) => by)], [[], ['erin']]);
  });

  it('are signed off by nobody whose signature is not there or does not hold', async () => {
    const at = join(folder, 'claimed');
    await cp(join(folder, 'whole'), at, { recursive: true });
    for (const signer of [null, own.signer, keyPair().signer]) {
      await signOff(at, 4, 4, signer);
      const { signOffs } = await examineFiles([at], { keys: [key], signers: [`erin=${erinKey}`], heads: [head] });
      assert.deepEqual(signOffs, []);
    }
  });

  /** A folder with a chain of records, as a worker writes them. */
  async function chain(at: string, count: number, signer: Key | null = own.signer): Promise<string[]> {
    let previous: string | null = null;
    const digests: string[] = [];
    for (let number = 1; number <= count; number += 1) {
      const record = made(number);
      const html = report(record);
      const statement = statementText(record, digestOf(html), { system: 'orders', number, previous });
      await keepRecord(folderStore(at), runOf(number), { record, html }, statement, signer);
      previous = digestOf(statement);
      digests.push(previous);
    }
    return digests;
  }

  function headOf(digests: readonly string[]): string {
    const known = { system: 'orders', count: digests.length, digest: digests.at(-1)! };
    return headLine('orders', { ...known, at: '', signature: signed(headType, headText(known), own.signer) });
  }

  async function edit(at: string, number: number, change: (text: string) => string): Promise<void> {
    const file = (await statements(at))[number - 1]!;
    const envelope = JSON.parse(await readFile(file, 'utf8')) as Envelope;
    const text = change(contentOf(envelope).toString());
    await writeFile(file, JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') }));
  }
  /** Another statement in the place of one, sealed anew. */
  async function seals(at: string, number: number, change: (text: string) => readonly [string, Key]): Promise<void> {
    const file = (await statements(at))[number - 1]!;
    const [text, signer] = change(contentOf(JSON.parse(await readFile(file, 'utf8')) as Envelope).toString());
    await writeFile(file, JSON.stringify(seal(recordType, text, signer)));
  }
  async function strip(at: string, number: number): Promise<void> {
    const file = (await statements(at))[number - 1]!;
    const text = contentOf(JSON.parse(await readFile(file, 'utf8')) as Envelope).toString();
    await writeFile(file, JSON.stringify(seal(recordType, text.replace('run 4', 'all went well'), null)));
    await rm(file.replace('.dsse.json', '.json'));
  }
  async function graft(at: string): Promise<void> {
    const files = await statements(at);
    const [one, other] = await Promise.all([2, 3].map(async (index) => JSON.parse(await readFile(files[index]!, 'utf8')) as Envelope));
    await writeFile(files[3]!, JSON.stringify({ ...other!, signatures: one!.signatures }));
  }
  async function replace(at: string, number: number, ending: string, from: string, to: string): Promise<void> {
    const file = (await statements(at))[number - 1]!.replace('.dsse.json', ending);
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes(from));
    await writeFile(file, text.replace(from, to));
  }
  async function remove(at: string, number: number): Promise<void> {
    const base = (await statements(at))[number - 1]!.replace('.dsse.json', '');
    await Promise.all(['.dsse.json', '.json', '.html'].map((ending) => rm(`${base}${ending}`)));
  }
  /** The second and the third in each other's place, with new numbers and signatures; what lies beside them moves with them. */
  async function exchange(at: string): Promise<void> {
    const files = await statements(at);
    const texts = await Promise.all(files.map(async (file) => contentOf(JSON.parse(await readFile(file, 'utf8')) as Envelope).toString()));
    const places = texts.map((text) => (JSON.parse(text) as { place: object }).place);
    const moved = (index: number, to: number): string =>
      texts[index]!.replace(JSON.stringify(places[index]), JSON.stringify({ ...places[to], previous: digestOf(texts[to === 1 ? 0 : 2]!) }));
    await writeFile(files[1]!, JSON.stringify(seal(recordType, moved(1, 2), own.signer)));
    await writeFile(files[2]!, JSON.stringify(seal(recordType, moved(2, 1), own.signer)));
  }
  /** Another record of the same number, by the same key. */
  async function again(at: string, number: number): Promise<void> {
    const file = (await statements(at))[number - 1]!;
    const text = contentOf(JSON.parse(await readFile(file, 'utf8')) as Envelope).toString();
    const other = join(at, '2026-11-22T160410-failover-orders-run9.dsse.json');
    await writeFile(other, JSON.stringify(seal(recordType, text.replace('"run 4"', '"run 9"'), own.signer)));
  }
  /** A sign-off that lies beside one record and is of another. */
  async function signOff(at: string, beside: number, of: number, signer: Key | null = erin.signer, by = 'erin'): Promise<void> {
    const files = await statements(at);
    const record = digestOf(contentOf(JSON.parse(await readFile(files[of - 1]!, 'utf8')) as Envelope));
    const said = { format: 1, system: 'orders', record, by, role: null, at: '2026-12-01T00:00:00Z', words: 'seen' };
    const file = files[beside - 1]!.replace('.dsse.json', '.sign-off-erin.dsse.json');
    await writeFile(`${file}.new`, JSON.stringify(seal(signOffType, JSON.stringify(said), signer)));
    await rename(`${file}.new`, file);
  }
});

const runOf = (number: number): { workflowId: string; runId: string } => ({ workflowId: 'failover-orders', runId: `run${number}` });
const numberOf = (file: string): string => /-run(\d)/u.exec(file)?.[1] ?? file;
const made = (number: number): RunRecord => ({ ...makeRecord(recovered), why: `run ${number}` });

async function statements(at: string): Promise<string[]> {
  return (await readdir(at))
    .filter((name) => /-run\d\.dsse\.json$/u.test(name))
    .toSorted()
    .map((name) => join(at, name));
}

function keyPair(): { readonly signer: Key; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signer: signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
