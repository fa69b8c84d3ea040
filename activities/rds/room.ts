import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { noteAlso } from '../note.ts';
import type { StepContext } from '../step.ts';

/** Copies that one account makes at once in one region. Source: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html */
const most = 20;
/** How often it is looked for room, milliseconds. */
const pause = 5_000;

/** Starts a copy when there is room for it at the site, heartbeating until then. */
export async function whenRoom(site: string, start: () => Promise<unknown>, context: StepContext): Promise<void> {
  for (;;) {
    const copies = await copiesAt(site, context);
    if (copies < most) {
      try {
        await start();
        return;
      } catch (error) {
        // The same name is given where the account has too many snapshots: then no copy that ends makes room.
        if (!isAws(error, 'SnapshotQuotaExceeded*') || !/copy more than|in progress/iu.test(error.message)) throw error;
      }
    }
    await rest(copies, site, context);
  }
}

async function rest(copies: number, site: string, context: StepContext): Promise<void> {
  const until = Date.now() + pause;
  do {
    noteAlso(context, { saying: `${copies} copies are under way at ${site}: this one waits for room.` });
    await context.sleep(1_000);
  } while (Date.now() < until);
}

/** Copies of snapshots that the account has under way in the region. */
async function copiesAt(site: string, context: StepContext): Promise<number> {
  const rds = await service('rds', site, context);
  let [copies, marker] = [0, undefined as string | undefined];
  do {
    const page = { SnapshotType: 'manual', MaxRecords: 100, ...(marker === undefined ? {} : { Marker: marker }) };
    const { DBSnapshots = [], Marker } = await rds.describeDBSnapshots(page);
    copies += DBSnapshots.filter(({ Status, SourceDBSnapshotIdentifier: from }) => from !== undefined && isUnderWay(Status)).length;
    marker = Marker;
  } while (marker !== undefined);
  return copies;
}

function isUnderWay(status: string | undefined): boolean {
  return status === 'creating' || status === 'copying' || status === 'pending';
}
