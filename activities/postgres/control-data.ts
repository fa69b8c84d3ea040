import type { StepContext } from '../step.ts';
import { StepError } from '../error.ts';
import { said, seatOf } from './seat.ts';

/** What a cluster's control file says, read on its host: it speaks also when the server does not. */
export interface ControlData {
  /** Such as `in production`, `shutting down`, `shut down`. */
  readonly state: string;
  readonly checkpoint: string;
  /** The timeline that it wrote last: the control file knows of a promotion before the first checkpoint on the new timeline is done. */
  readonly timeline: number;
  readonly identifier: string;
  /** Whether a rewind can tell which blocks changed: by checksums, or by hints in the log. */
  readonly rewindable: boolean;
  /** Bytes of a file of the log. */
  readonly segment: number;
  /** Most transactions that may be prepared at once. */
  readonly prepared: number;
}

/** @param directory a cluster on that host; by default the member's data directory. */
export async function controlData(name: string, context: StepContext, directory?: string): Promise<ControlData> {
  const seat = seatOf(name, context);
  const path = directory ?? seat.data;
  const answer = await seat.try([seat.program('pg_controldata'), '-D', path], { within: 3_000 });
  const field = (label: string): string | undefined => new RegExp(`^${label}:\\s*(.+)$`, 'm').exec(answer.stdout)?.[1]?.trim();
  const state = field('Database cluster state');
  const checkpoint = field('Latest checkpoint location');
  const identifier = field('Database system identifier');
  const timeline = Math.max(Number(field("Latest checkpoint's TimeLineID")), Number(field("Min recovery ending loc's timeline") ?? 0));
  if (state && checkpoint && identifier && timeline > 0) {
    const rewindable = field('wal_log_hints setting') === 'on' || Number(field('Data page checksum version')) > 0;
    return {
      state,
      checkpoint,
      timeline,
      identifier,
      rewindable,
      segment: Number(field('Bytes per WAL segment')),
      prepared: Number(field('max_prepared_xacts setting') ?? 0),
    };
  }
  throw new StepError(
    'control-data-unread',
    `The control data in ${path} on ${name} cannot be read: ${said(answer)}. May this user read the data directory there?`,
    'person',
  );
}
