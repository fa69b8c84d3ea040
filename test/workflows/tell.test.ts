import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Recipient } from '../../plan/plan.ts';
import { tell } from '../../worker/run/tell.ts';
import { closedPort, listen } from '../activities/nowhere.ts';
import { ending, scene } from './scene.ts';
import { asked, choose, gate, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';

const secretName = 'LIFEBOAT_TEST_TOLD';
const canary = 'canary-3f9a';

interface Letter {
  readonly message: string;
  readonly event: string;
  readonly text: readonly string[];
  readonly commands: readonly string[];
  readonly key: string;
  readonly run: string;
  readonly link: string | null;
}

describe('people are told', () => {
  let theatre: Stage;
  let receiver: Awaited<ReturnType<typeof listen>>;
  let letters: Letter[] = [];
  let paths: string[] = [];
  /** What the receiver answers; null: nothing, ever. */
  let status: number | null = 200;

  before(async () => {
    theatre = await theStage();
    process.env[secretName] = canary;
    receiver = await listen(
      http.createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (part: string) => (body += part));
        request.on('end', () => {
          if (status === null) return;
          paths.push(request.url ?? '');
          letters.push(JSON.parse(body) as Letter);
          response.writeHead(status).end();
        });
      }),
    );
  });
  after(async () => {
    delete process.env[secretName];
    await receiver.close();
  });
  beforeEach(() => {
    letters = [];
    paths = [];
    status = 200;
  });

  const all = ['gate', 'failure', 'finding', 'unproven', 'ended'];
  const hook = (given: Partial<Recipient> = {}): Recipient => ({
    webhook: `http://127.0.0.1:${receiver.port}/hook`,
    secret: `env:${secretName}`,
    on: all,
    ...given,
  });
  const script: NonNullable<Play['script']> = {
    't.go.execute': () => undefined,
    't.broken.execute': () => Promise.reject(new Error('no')),
  };
  const play = (notify: { [name: string]: Recipient }, steps: Play['steps'] = way): Play => ({
    steps,
    script,
    header: { notify },
    run: { 'run.tell': tell({ site: 'site-b', runbooks: '/nowhere', namespace: 'default', types: [] }) },
  });
  const way = [gate('cut-over', [], { expires: 600_000 }), step('promote', ['cut-over'], { promotes: true })];
  const approved = async (handle: Handle): Promise<string> => {
    await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
    return (await ending(handle)).verdict;
  };
  const told = (event: string, count = 1): Promise<readonly Letter[]> =>
    until(async () => {
      const some = letters.filter((letter) => letter.event === event);
      return some.length >= count && some;
    }, `${count} of ${event}`);
  const notificationsOf = async (handle: Handle): Promise<string[]> => {
    const { events } = await handle.fetchHistory();
    const started = events!.flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? []);
    return started.filter((id) => id.startsWith('notification/'));
  };

  it('what is asked, by whom and until when it is to be answered, by which command; then how the run ended', () =>
    scene(theatre, play({ 'on-call': hook() }), async (handle, system) => {
      const [question] = await told('gate');
      assert.equal(question!.message, `${system}: approval wanted: Move on at cut-over`);
      assert.match(question!.text.join('\n'), new RegExp(`unplanned failover of ${system}, site-a → site-b, by the runbook play`, 'u'));
      assert.match(question!.text.join('\n'), /One person of leads may decide; until 2\d\d\d-.*Z, then the run ends\./u);
      assert.deepEqual(question!.commands, [`lifeboat approve ${handle.workflowId}`, `lifeboat refuse ${handle.workflowId}`]);
      assert.equal(question!.run, handle.workflowId);
      assert.equal(await approved(handle), 'recovered, unprotected');
      const [end] = await told('ended');
      assert.equal(end!.message, `${system}: failover ended: recovered, unprotected`);
      assert.match(end!.text.join('\n'), new RegExp(`${system} is served by site-b`, 'u'));
      assert.equal(new Set(letters.map(({ key }) => key)).size, 2);
    }));

  it('what failed, and what they can do about it', () =>
    scene(theatre, play({ 'on-call': hook() }, [step('a', [], { uses: 't.broken' })]), async (handle, system) => {
      const [failed] = await told('failure');
      assert.equal(failed!.message, `${system}: decision wanted: a failed: what now?`);
      assert.ok(failed!.text.includes('problem: no'));
      assert.ok(failed!.commands.includes(`lifeboat skip ${handle.workflowId} --reason "…"`));
    }));

  it('once more where nobody answers, and those to whom it is handed on', () => {
    const steps = [gate('cut-over', [], { expires: 1_000, onExpiry: { escalate: 'dbas', expires: 1_000, then: 'abort' } })];
    return scene(theatre, play({ 'on-call': hook() }, steps), async (handle, system) => {
      const [first, again] = await told('gate', 2);
      assert.match(first!.text.join('\n'), /then dbas may decide too/u);
      assert.match(again!.message, new RegExp(`^${system}: nobody answered; dbas may decide too: Move on`, 'u'));
      assert.match(again!.text.join('\n'), /One person of leads or dbas may decide; until .*, then the run ends/u);
      await told('ended');
      assert.equal((await ending(handle)).verdict, 'aborted');
    });
  });

  it('of the events and systems that the inventory says, and no others', () => {
    const notify = {
      ends: hook({ webhook: `http://127.0.0.1:${receiver.port}/ends`, on: ['ended'] }),
      others: hook({ webhook: `http://127.0.0.1:${receiver.port}/others`, systems: ['another'] }),
    };
    return scene(theatre, play(notify), async (handle) => {
      await approved(handle);
      await told('ended');
      assert.deepEqual(paths, ['/ends']);
      assert.equal((await notificationsOf(handle)).length, 1);
    });
  });

  it('of nothing by plans of before there were events, whose histories tell of no message', () =>
    scene(theatre, play({ 'on-call': { webhook: `http://127.0.0.1:${receiver.port}/hook` } }), async (handle) => {
      await approved(handle);
      assert.deepEqual(await notificationsOf(handle), []);
    }));

  describe('without the recovery taking longer', () => {
    const fastest = async (recipient: Recipient): Promise<number> => {
      const times: number[] = [];
      for (let n = 0; n < 3; n += 1)
        await scene(theatre, play({ 'on-call': recipient }), async (handle) => {
          const began = Date.now();
          assert.equal(await approved(handle), 'recovered, unprotected');
          times.push(Date.now() - began);
        });
      return Math.min(...times);
    };
    let usual = 0;
    before(async () => (usual = await fastest({})));

    for (const [how, address, answer] of [
      ['hangs', () => receiver.port, null],
      ['refuses', () => receiver.port, 401],
      ['is gone', () => closedPort(), 200],
    ] as const)
      it(`where the receiver ${how}`, async () => {
        status = answer;
        const took = await fastest(hook({ webhook: `http://127.0.0.1:${await address()}/` }));
        // A message that was waited for would take 5 s where it hangs, and a second where it is tried again.
        assert.ok(took < usual + 700, `${took} ms, without messages ${usual} ms`);
      });
  });

  it('after the run has ended, where the receiver is back only then; and who heard it does not hear it again', () => {
    const notify = {
      up: hook({ webhook: `http://127.0.0.1:${receiver.port}/up`, on: ['ended'] }),
      down: hook({ webhook: '', on: ['ended'] }),
    };
    return closedPort().then((port) => {
      notify.down = hook({ webhook: `http://127.0.0.1:${port}/down`, on: ['ended'] });
      return scene(theatre, play(notify), async (handle) => {
        await approved(handle);
        await told('ended');
        const late: string[] = [];
        const back = http.createServer((request, response) => {
          late.push(String(request.headers['idempotency-key']));
          response.writeHead(200).end();
        });
        await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve));
        try {
          await until(async () => late.length > 0, 'the message');
          assert.deepEqual([paths, late], [['/up'], [letters[0]!.key]]);
        } finally {
          back.closeAllConnections();
          await new Promise((resolve) => back.close(resolve));
        }
        const id = (await notificationsOf(handle))[0]!;
        await theatre.client.workflow.getHandle(id).result();
      });
    });
  });

  it('with nothing secret in any history or message', async () => {
    const silent = net.createServer();
    const { port, close } = await listen(silent);
    try {
      const notify = {
        'on-call': hook(),
        chat: { slack: `env:${secretName}`, on: all },
        mail: {
          email: {
            to: ['a@example.com'],
            from: 'b@example.com',
            server: `smtp://127.0.0.1:${port}`,
            user: 'x',
            password: `env:${secretName}`,
          },
          on: all,
        },
      };
      await scene(theatre, play(notify), async (handle) => {
        await approved(handle);
        await told('ended');
        const ids = [handle.workflowId, ...(await notificationsOf(handle))];
        assert.equal(ids.length, 3);
        for (const id of ids) {
          const history = historyToJSON(await theatre.client.workflow.getHandle(id).fetchHistory());
          const seen = [history, ...history.matchAll(/"data": "([^"]+)"/gu)].map((part) =>
            typeof part === 'string' ? part : Buffer.from(part[1]!, 'base64').toString(),
          );
          assert.equal(
            seen.some((text) => text.includes(canary)),
            false,
            id,
          );
          await theatre.client.workflow
            .getHandle(id)
            .terminate()
            .catch(() => undefined);
        }
        assert.equal(JSON.stringify(letters).includes(canary), false);
      });
    } finally {
      await close();
    }
  });
});
