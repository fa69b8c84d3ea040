import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { digestIn } from '../restic/dump.ts';
import { ensure, ifThere } from '../restic/ensure.ts';
import { noSaveGoesOn, ofStep, saveNow } from '../restic/save.ts';
import { tagged, type Snapshot } from '../restic/snapshots.ts';
import { resticVersion } from '../restic/version.ts';
import { step } from '../step.ts';
import { filesOf, storeOf, userOf } from './kept.ts';
import { manifest, pathsThere, type ManifestFacts } from './manifest.ts';
import { bytesOf, fileSnapshots, filesIn, news } from './news.ts';
import { inPlace, manifestAt, manifestIn, placeFor, removePlace } from './place.ts';

/** What a first backup of everything may take, milliseconds. */
const within = 6 * 60 * 60 * 1_000;

export default step({
  name: 'files.backup',
  summary: 'Saves the files of the system by restic, with a manifest of every file that is taken at that moment.',
  effect: 'change',
  expected: 60_000,
  timeout: '6 hours',
  retry: { times: 3, wait: '10 seconds' },
  input: z.object({
    host: hostName('The host whose files are saved, by its name in the inventory.'),
    'accept-shrunken': z
      .boolean()
      .default(false)
      .describe('True: a set of less than half of the files or bytes of the one before is taken as it is.'),
  }),
  output: z.object({
    snapshot: z.string().describe('The short name that restic gives the snapshot, 8 hexadecimal digits.'),
    store: z.string().describe('The store it lies in, by its name in the inventory.'),
    at: z.string().describe('When it was begun, ISO time.'),
    files: z.number().describe('Regular files in it, a number.'),
    bytes: z.number().describe('The sum of their sizes, bytes.'),
    manifest: z.string().describe('SHA-256 of the manifest that lies in it, hexadecimal.'),
  }),
  example: { host: 'a-app', 'accept-shrunken': false },
  permissions: [
    "Running restic, find, sort, sed, awk, flock and sha256sum on the host as the inventory's `backups.files.user`, who may read every file that is saved.",
    'The password file of the store on the host, readable by that user only.',
  ],

  async preflight({ host }, context) {
    const store = storeOf(host, context);
    const [version, snapshots] = await Promise.all([
      resticVersion(store, context),
      ifThere(fileSnapshots(store, context)),
      pathsThere(host, filesOf(context).paths, store.as, context),
    ]);
    return [
      `restic ${version} runs on ${host}.`,
      snapshots
        ? `The store ${store.store.name} opens from ${host} and holds ${snapshots.length} snapshots of the files.`
        : `There is no repository in the store ${store.store.name} yet: it will be made.`,
    ];
  },

  async execute({ host, 'accept-shrunken': accepted }, context) {
    const store = storeOf(host, context);
    const place = placeFor(context);
    await noSaveGoesOn(host, context);
    const there = await ifThere(fileSnapshots(store, context));
    if (!there) await ensure(store, context);
    if (there?.some(({ tags }) => tags.includes(ofStep(context)))) return removePlace(store, place, context);
    const last = there?.at(-1);
    const { paths } = filesOf(context);
    await context.stillOurs();
    await inPlace(store, place, context, async () => {
      const made = await manifest(host, { paths, file: manifestAt(place), within, ...userOf(store) }, context);
      mayCount(made, last, accepted, host);
      const tags = ['files', `count=${made.files}`, `bytes=${made.bytes}`, `manifest=${made.digest}`];
      await saveNow(store, { paths: [...paths, place], tags, within, ...(last ? { parent: last } : {}) }, context);
    });
  },

  async verify({ host }, context) {
    const store = storeOf(host, context);
    const there = await fileSnapshots(store, context);
    const made = there.find(({ tags }) => tags.includes(ofStep(context)));
    if (!made) throw new StepError('snapshot-not-made', `The store ${store.store.name} holds no snapshot that this step made.`);
    const digest = tagged(made, 'manifest') ?? '';
    if ((await digestIn(store, made, manifestIn(made), context)) !== digest) {
      throw new StepError(
        'manifest-wrong',
        `Snapshot ${made.id} in ${store.store.name} does not hold the manifest that it was saved with.`,
        'person',
      );
    }
    return {
      outputs: { snapshot: made.id, store: store.store.name, at: made.at, files: filesIn(made), bytes: bytesOf(made), manifest: digest },
      backups: [await news(store.store.name, there, context)],
      evidence: [
        `Snapshot ${made.id} of ${made.at} lies in ${store.store.name}, with ${filesIn(made)} files, ${bytesOf(made)} bytes and their manifest. It is unproven until it was restored elsewhere and compared.`,
      ],
    };
  },

  rehearse: { none: 'A rehearsal saves nothing of production; it restores what was saved.' },
  undo: { none: 'A snapshot harms nobody; files.expire takes it away by name.' },
});

/** Throws for what is no backup although restic would make one of it. */
function mayCount(made: ManifestFacts, last: Snapshot | undefined, accepted: boolean, host: string): void {
  if (made.files === 0)
    throw new StepError('backup-empty', `There is not one file to save on ${host}: is a disk not mounted? Nothing was saved.`, 'person');
  if (accepted || !last) return;
  if (made.files * 2 >= filesIn(last) && made.bytes * 2 >= bytesOf(last)) return;
  throw new StepError(
    'backup-shrunken',
    `There are ${made.files} files with ${made.bytes} bytes to save on ${host}; snapshot ${last.id} of ${last.at} had ${filesIn(last)} with ${bytesOf(last)}. Less than half is no backup until a person says so by \`accept-shrunken: true\`. Nothing was saved.`,
    'person',
  );
}
