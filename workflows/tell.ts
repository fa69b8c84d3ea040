import { CancellationScope, ParentClosePolicy, WorkflowIdReusePolicy, startChild } from '@temporalio/workflow';
import { short } from './activities.ts';
import { controlQueue, type Tidings } from './wire.ts';

/** So many lines are told; whoever is told more reads none. */
const mostLines = 30;
const longestLine = 600;

/**
 * Tells people, once for each key. It never throws, and what is recovered MUST NOT wait for it; it settles once the server has begun
 * the message, for which whoever ends MUST wait: what has not begun by then never does.
 *
 * The message is a child run that outlives whoever sent it. An activity of the sender would end with the sender, and an outbox of
 * the workflow `system` cannot be reached when that is what does not answer.
 */
export async function tell(news: Tidings): Promise<void> {
  const notify = Object.fromEntries(Object.entries(news.notify).filter(([, recipient]) => hears(recipient, news)));
  if (Object.keys(notify).length === 0) return;
  const begun = CancellationScope.nonCancellable(() =>
    startChild('notification', {
      workflowId: `notification/${news.key}`,
      taskQueue: controlQueue,
      args: [{ ...news, text: fewOf(news.text), notify }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowTaskTimeout: '3 seconds',
      // What a recovery does goes first wherever there is a queue.
      priority: { priorityKey: 5 },
      staticSummary: short(news.title),
    }),
  );
  await begun.catch(() => undefined);
}

/** Plans of before there were events say nothing of them: such a run tells nobody, and its history replays. */
function hears({ on = [], systems }: Tidings['notify'][string], { event, system }: Tidings): boolean {
  return on.includes(event === 'proven again' ? 'unproven' : event) && (systems === undefined || systems.includes(system));
}

function fewOf(text: readonly string[]): readonly string[] {
  const lines = text.map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)} …` : line));
  return lines.length <= mostLines ? lines : [...lines.slice(0, mostLines), `… and ${lines.length - mostLines} more.`];
}
