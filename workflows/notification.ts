import { control } from './activities.ts';
import type { Tidings } from './wire.ts';

/** Receivers are down when everything is: a message may come late, and must not be lost. */
const patient = {
  startToCloseTimeout: '25 seconds',
  scheduleToCloseTimeout: '6 hours',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
} as const;

/**
 * Tells one thing to everybody who is to hear of it, each by an activity of its own: who was told is not told again because another
 * could not be. Fails, for every list to show, where somebody was not told within hours. The name is a name on the wire.
 */
export async function notification({ notify, ...news }: Tidings): Promise<void> {
  const told = await Promise.allSettled(
    Object.entries(notify).map(([name, recipient]) =>
      control(`tell ${name}`, patient)['run.tell']({ ...news, notify: { [name]: recipient } }),
    ),
  );
  const failed = told.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}
