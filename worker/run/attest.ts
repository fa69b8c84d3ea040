import { activityInfo, Context } from '@temporalio/activity';
import type { RunActivities, Sender } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { sendersIn, type Principal } from './history.ts';

/** `run.attest`: who sent the nth signal of a name, as the server and the run's own history tell. */
export const attest = (): RunActivities['run.attest'] => (input) =>
  attempt(async () => {
    const { workflowId, runId } = activityInfo().workflowExecution!;
    const history = await Context.current().client.workflow.getHandle(workflowId, runId).fetchHistory();
    return senderOf(sendersIn(history), input);
  });

/** `run.requester`: who started the run. */
export const requester = (): RunActivities['run.requester'] => () =>
  attempt(async () => {
    const { workflowId, runId } = activityInfo().workflowExecution!;
    const { starter } = sendersIn(await Context.current().client.workflow.getHandle(workflowId, runId).fetchHistory());
    return { by: starter.name ?? 'anonymous', how: starter.attested ? 'attested' : starter.name === null ? 'anonymous' : 'stated' };
  });

/** Pure, so that histories with principals can be judged without a server that computes them. */
export function senderOf(
  senders: ReturnType<typeof sendersIn>,
  { signal, nth, openedAt }: { signal: string; nth: number; openedAt: number },
): Sender {
  const found = senders.signals.filter(({ name }) => name === signal)[nth - 1];
  if (!found) return { by: null, how: 'anonymous', worker: false, reset: false };
  const { name, attested }: Principal = found.sender;
  return {
    by: name,
    how: attested ? 'attested' : name === null ? 'anonymous' : 'stated',
    worker: name !== null && (attested ? senders.workerPrincipals.has(name) : senders.workerIdentities.has(name)),
    // Given for a question as it stood before a reset took it back; a reset applies later signals again.
    reset: senders.resets.some(({ at, until }) => at > openedAt && found.event <= until),
  };
}
