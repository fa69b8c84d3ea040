import type { Client } from '@temporalio/client';
import { headText, headType } from '../../record/evidence/head.ts';
import { statementText, type Place } from '../../record/evidence/statement.ts';
import { systemId, type ChainAnswer, type ChainRequest, type Head } from '../../workflows/wire.ts';
import { digestOf, signed, type Key } from '../evidence/dsse.ts';
import type { Recorded } from '../record-of.ts';
import { repeat } from '../repeat.ts';

/** How long the system's workflow has to give a record its place, milliseconds. */
const patience = 3_000;
/** Other records may come first, one for each run that ends at the same moment. */
const turns = 8;

/**
 * The statement of a record, behind the newest of its system; the same for every site that asks. Where the system's workflow does
 * not answer, the record stands in no chain, and says so.
 */
export async function placed(
  client: Client,
  { record, html }: Recorded,
  run: { readonly workflowId: string; readonly runId: string },
  signer: Key | null,
): Promise<string> {
  const { system } = record;
  const report = digestOf(html);
  const until = Date.now() + patience;
  const ask = (request: ChainRequest): Promise<ChainAnswer> =>
    client.withDeadline(until, () =>
      repeat(until, () =>
        client.workflow.getHandle(systemId(system)).executeUpdate<ChainAnswer, [ChainRequest]>('chain', { args: [request] }),
      ),
    );
  const statement = (place: Omit<Place, 'system'>): string => statementText(record, report, { system, ...place });
  let head: Head | null = null;
  try {
    for (let turn = 0; turn < turns; turn += 1) {
      const [number, previous]: [number, string | null] = [(head?.count ?? 0) + 1, head?.digest ?? null];
      const made = statement({ number, previous });
      const digest = digestOf(made);
      const signature = signer && { signature: signed(headType, headText({ system, count: number, digest }), signer) };
      const answer = await ask({ ...run, previous, digest, ...signature });
      if (!answer.taken) {
        head = answer.head;
        continue;
      }
      const { link } = answer;
      return link.digest === digest ? made : statement({ number: link.count, previous: link.previous });
    }
  } catch {
    // Told by the record itself.
  }
  return statement({ number: null, previous: null });
}
