import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { readable } from '../files/kept.ts';
import { fileSnapshots } from '../files/news.ts';
import { inPlace, manifestIn, pathsIn, placeFor } from '../files/place.ts';
import { compareRestored, sentences } from '../files/restored.ts';
import type { Repository } from '../restic/repository.ts';
import { fits, restore } from '../restic/restore.ts';
import { choose, type Snapshot } from '../restic/snapshots.ts';
import { resticVersion } from '../restic/version.ts';
import { step, type StepContext } from '../step.ts';
import { makeWay } from './make-way.ts';
import { beginOn, begunBefore, checkBlank, placeKeys, wholeSince } from './blank.ts';

/** What restoring a whole host may take, milliseconds. */
const within = 12 * 60 * 60 * 1_000;
const path = z.string().regex(/^\/[^*?[\]\\\n\0]+$/, 'an absolute path without wildcards');
const input = z.object({
  host: hostName(
    'The host that is rebuilt, by its name in the inventory: booted on its blank disk, or into a rescue system, and reached by SSH.',
  ),
  of: z.string().optional().describe('The host whose files are taken, by its name in the inventory. Default: the same.'),
  snapshot: z.string().min(1).default('latest').describe('The snapshot: `latest`, its name, or an ISO time (the newest up to then).'),
  store: z
    .string()
    .optional()
    .describe('The store, by its name in the inventory. Default: of the source, the one that the host keeps or has at its site.'),
  root: z
    .string()
    .regex(/^\/[^\n\0]*$/, 'an absolute path')
    .default('/')
    .describe('Where the blank disk is on the host: `/` where it has booted on it, else where the rescue system has it mounted.'),
  blank: z
    .array(path)
    .min(1)
    .describe(
      'Paths seen from the root, such as that of the data, that must not be there yet: they tell a blank disk from one in service.',
    ),
  except: z.array(path).default([]).describe('Paths that are left as they are on the new disk, such as those of its own network or disks.'),
  keys: z
    .array(
      z.object({
        file: path.describe('A path on the host.'),
        secret: z.string().describe('What is put there, as a reference: `env:NAME` or `file:PATH` on the machine of the worker.'),
      }),
    )
    .default([])
    .describe('What the blank host lacks to open the store, put there for nobody but the user as whom files are written.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'host.rebuild',
  summary: 'Restores a whole host from its saved files onto a blank disk, in place, and holds every file to its manifest.',
  effect: 'destroy',
  expected: 300_000,
  timeout: '12 hours',
  retry: { times: 3, wait: '10 seconds' },
  input,
  output: z.object({
    snapshot: z.string().describe('The short name that restic gives the snapshot, 8 hexadecimal digits.'),
    at: z.string().describe('The recovery point: when the snapshot was begun, ISO time.'),
    files: z.number().describe('Files that are as the manifest says, a number.'),
    changed: z.number().describe('Names that changed while they were saved, so that nothing is proven of their content.'),
    manifest: z.string().describe('Path of the manifest on the host, seen from the root: files.check holds the files to it again.'),
  }),
  example: {
    host: 'a-app',
    snapshot: 'latest',
    root: '/',
    blank: ['/srv/orders/documents'],
    except: ['/etc/machine-id', '/etc/fstab'],
    keys: [],
  },
  permissions: [
    "Running restic, find, sort, sed, awk and sha256sum on the host as the inventory's `backups.files.user`, who must be root.",
    'The password file of the store on the host, and its login at the store, or both by `keys`.',
  ],

  async preflight({ host, of, root, blank, keys, snapshot, store }, context) {
    const from = readable(store, host, context);
    if (!(await begunBefore(from, root, context))) await checkBlank(from, root, blank, context);
    const version = await resticVersion(from, context);
    if (keys.length > 0) {
      for (const { secret } of keys) await context.secret(secret);
      return [`restic ${version} runs on ${host}, whose disk is blank. The store is opened once its ${keys.length} keys are there.`];
    }
    const wanted = await chosen(from, of ?? host, snapshot, context);
    return [`restic ${version} runs on ${host}, whose disk is blank.`, await fits(from, wanted, root, context)];
  },

  async execute({ host, of, root, blank, except, keys, snapshot, store }, context) {
    const from = readable(store, host, context);
    if (await wholeSince(from, root, context)) return;
    if (!(await begunBefore(from, root, context))) await checkBlank(from, root, blank, context);
    await context.stillOurs();
    await placeKeys(from, keys, context);
    const wanted = await chosen(from, of ?? host, snapshot, context);
    await fits(from, wanted, root, context);
    await beginOn(from, root, wanted.fullId, 'begun', context);
    await makeWay(from, wanted, { root, except }, context);
    await restore(from, wanted, { target: root, exclude: except, verify: true, within }, context);
    await beginOn(from, root, wanted.fullId, 'whole', context);
  },

  async verify(given, context) {
    const from = readable(given.store, given.host, context);
    const id = await wholeSince(from, given.root, context);
    if (id === undefined) throw new StepError('not-rebuilt', `This step has not restored ${given.host} as a whole yet.`);
    const snapshot = choose(await fileSnapshots(from, context), id, from);
    const compared = await held(from, snapshot, given, context);
    const evidence = sentences(compared, snapshot, `onto ${given.host}`);
    const { same: files, changed } = compared;
    return { outputs: { snapshot: snapshot.id, at: snapshot.at, files, changed, manifest: manifestIn(snapshot) }, evidence };
  },

  rehearse: { none: 'A whole host is rebuilt only onto a blank disk; files.restore and files.verify restore the same snapshot elsewhere.' },
  undo: { none: 'The disk was blank before; people who want it blank again wipe it.' },
});

function held(from: Repository, snapshot: Snapshot, { root, except }: Input, context: StepContext) {
  const place = placeFor(context);
  const options = { root, place, except, extra: 'allowed' as const, within };
  return inPlace(from, place, context, () => compareRestored(from, snapshot, options, context));
}

async function chosen(from: Repository, of: string, wanted: string, context: StepContext): Promise<Snapshot> {
  const all = (await fileSnapshots(from, context)).filter(({ host }) => host === of);
  const snapshot = choose(all, wanted, from);
  if (pathsIn(snapshot).length > 0) return snapshot;
  throw new StepError('backup-empty', `Snapshot ${snapshot.id} holds nothing but its manifest.`, 'person');
}
