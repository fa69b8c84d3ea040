import assert from 'node:assert/strict';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import {
  asked,
  cast,
  choose,
  gate,
  nextSystem,
  start,
  stateOf,
  step,
  theStage,
  until,
  type Handle,
  type Play,
  type Stage,
} from './stage.ts';
import { decisions, ending, named } from './scene.ts';

type Event = NonNullable<History['events']>[number];

describe('a run that is reset', function () {
  this.timeout(120_000);
  let theatre: Stage;
  let promoted: number;
  before(async () => (theatre = await theStage()));
  beforeEach(() => (promoted = 0));

  const play: Play = {
    steps: [step('facts', [], { uses: 't.read' }), gate('cut-over', ['facts']), step('promote', ['cut-over'], { promotes: true })],
    script: { 't.read.execute': () => undefined, 't.go.execute': () => void (promoted += 1) },
  };

  const points: [string, (events: readonly Event[]) => number][] = [
    [
      'to before its gate',
      (events) => completedAfter(events, (event) => event.activityTaskScheduledEventAttributes?.activityId === 'facts'),
    ],
    ['to the task that opened its gate', (events) => completedAfter(events, scheduledNth(events, 't.read.execute', 1))],
    [
      'to a task between its gate and the approval',
      (events) => completedAfter(events, (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'hello'),
    ],
    [
      'to the task that took the approval in',
      (events) =>
        completedAfter(events, (event) => event.workflowExecutionSignaledEventAttributes?.signalName?.startsWith('Approve') === true),
    ],
  ];
  for (const [point, where] of points) {
    for (const more of ['while it goes on', 'after its end']) {
      it(`${point}, ${more}, asks again: the old approval does not count, and a new one does, once`, async () => {
        const system = nextSystem();
        const steps = more === 'after its end' ? play.steps : [...play.steps, gate('rest', ['promote'])];
        await (
          await cast(theatre, named({ ...play, steps }, system))
        ).run(async () => {
          const handle = await start(theatre, system);
          const question = await asked(handle, 'cut-over');
          await handle.signal('hello', 'anybody');
          await until(async () => (await decisions(handle)).length === 1, 'the word between is recorded');
          await choose(handle, question, 'approve', 'alice');
          await (more === 'after its end' ? ending(handle) : asked(handle, 'rest'));
          assert.equal(promoted, 1);

          const again = await reset(theatre, handle, where((await handle.fetchHistory()).events ?? []));
          const open = await until(async () => {
            // First what was decided, then what is asked: the other way round a question that was just withdrawn would be taken.
            const judged = (await decisions(again)).some(([by]) => by === 'alice');
            return judged && (await stateOf(again)).questions.find(({ id }) => id === 'cut-over');
          }, 'it asks again');
          assert.deepEqual(open.have, []);
          assert.ok(
            (await decisions(again)).every(([, counts]) => !counts),
            JSON.stringify(await decisions(again)),
          );
          assert.equal(promoted, 1);

          await choose(again, open, 'approve', 'bob');
          await until(async () => promoted === 2, 'the step behind the gate runs for the new approval');
          assert.deepEqual(
            (await decisions(again)).filter(([, counts]) => counts),
            [['bob', true, '']],
          );
          await again.terminate('the scene is over').catch(() => undefined);
        });
      });
    }
  }

  it('with no decision applied again takes the next one at its word', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, named(play, system))
    ).run(async () => {
      const handle = await start(theatre, system);
      await asked(handle, 'cut-over');
      await handle.signal('hello', 'anybody');
      await until(async () => (await decisions(handle)).length === 1, 'the word between is recorded');
      const again = await reset(theatre, handle, points[2]![1]((await handle.fetchHistory()).events ?? []));
      await choose(again, await asked(again, 'cut-over'), 'approve', 'alice');
      assert.equal((await ending(again)).verdict, 'recovered, unprotected');
      assert.equal(promoted, 1);
    });
  });
});

const id = (event: Event): number => Number(event.eventId);

/** The workflow task that took in what came first after the event. */
function completedAfter(events: readonly Event[], what: (event: Event) => boolean): number {
  const from = events.findIndex(what);
  assert.notEqual(from, -1, 'the event to reset to is in the history');
  const completed = events
    .slice(from)
    .find(
      (event) =>
        event.workflowTaskCompletedEventAttributes && Number(event.workflowTaskCompletedEventAttributes.scheduledEventId) > from + 1,
    );
  return id(completed!);
}

/** The end of the nth activity of a type. */
function scheduledNth(events: readonly Event[], type: string, nth: number): (event: Event) => boolean {
  const scheduled = events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type)[nth - 1];
  return (event) => Number(event.activityTaskCompletedEventAttributes?.scheduledEventId) === Number(scheduled?.eventId);
}

async function reset(theatre: Stage, handle: Handle, workflowTaskFinishEventId: number): Promise<Handle> {
  const { workflowId } = handle;
  const { runId } = await theatre.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId: (await handle.describe()).runId },
    reason: 'a test',
    requestId: `reset-${workflowId}`,
    workflowTaskFinishEventId: workflowTaskFinishEventId as never,
  });
  return theatre.client.workflow.getHandle(workflowId, runId);
}
