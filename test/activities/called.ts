import assert from 'node:assert/strict';
import { onCall } from '../../activities/aws/client.ts';
import { typeOf } from './estate.ts';

/** Asserts that a piece of work makes no call but those that the type declares for the phase; a preflight besides only reads. Returns the calls. */
export async function called(
  name: string,
  phase: 'preflight' | 'execute' | 'rehearse' | 'undo',
  work: () => Promise<unknown>,
): Promise<readonly string[]> {
  const calls: string[] = [];
  const stop = onCall(({ action, dryRun }) => void calls.push(dryRun ? `${action} (dry)` : action));
  await work().finally(stop);
  // The last is what every preflight asks beforehand.
  const allowed = [...(typeOf(name).iam?.[phase] ?? []), 'iam:SimulatePrincipalPolicy'];
  assert.deepEqual(
    calls.filter((call) => !allowed.includes(call.replace(' (dry)', ''))),
    [],
    `${name} makes calls in its ${phase} that it does not declare`,
  );
  if (phase === 'preflight')
    assert.deepEqual(
      calls.filter((call) => !/:(?:Describe|Get|List|Simulate)|\(dry\)$/u.test(call)),
      [],
      `${name} changes something in its preflight`,
    );
  return calls;
}
