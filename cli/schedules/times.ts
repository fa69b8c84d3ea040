import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { explain, type Temporal } from '../connect.ts';
import { scheduleId } from './options.ts';

/** The server tells no more in one answer. */
const page = 1_000;

/**
 * The coming times of a schedule, jitter included, as the server computes them: whether it is paused or not.
 * `most`: no more than these are asked for.
 */
export async function timesBetween(
  { client, namespace, within, address }: Pick<Temporal, 'client' | 'namespace' | 'within' | 'address'>,
  name: string,
  from: Date,
  until: Date,
  most = Infinity,
): Promise<Date[]> {
  const times: Date[] = [];
  for (let after = from.getTime(); ;) {
    const request = { namespace, scheduleId: scheduleId(name), startTime: msToTs(after), endTime: msToTs(until.getTime()) };
    const { startTime } = await within(10_000, () => client.workflowService.listScheduleMatchingTimes(request)).catch((error: unknown) => {
      throw explain(error, `computing the times of ${name}`, address);
    });
    const last = times.at(-1)?.getTime() ?? 0;
    times.push(...startTime.map((time) => new Date(tsToMs(time))).filter((time) => time.getTime() > last));
    const next = times.at(-1)?.getTime() ?? after;
    if (startTime.length < page || times.length >= most || next <= after) return times.slice(0, most);
    after = next;
  }
}
