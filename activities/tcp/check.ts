import net from 'node:net';
import { z } from 'zod';
import { connects } from '../by-hand/shell.ts';
import { endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';

const patience = 3_000;
const input = z.object({
  host: hostName('The host that is connected to, by its name in the inventory.'),
  port: z.int().min(1).max(65_535).describe('The TCP port, as the service on the host has it.'),
});
const output = z.object({ milliseconds: z.number().describe('Time until the connection stood, milliseconds.') });

export default step({
  name: 'tcp.check',
  summary: 'Opens a TCP connection to a port of a host and closes it again.',
  effect: 'read',
  expected: 50,
  timeout: '30 seconds',
  retry: { times: 5, wait: '1 second' },
  input,
  output,
  example: { host: 'b-db', port: 5432 },
  permissions: ['TCP to the port from the site that carries the step out.'],
  async preflight({ host, port }, context) {
    const where = endpoint(context.host(host), port, context.viewpoint);
    return [`Port ${port} of ${host} is at ${where.address}:${where.port} as seen from ${context.viewpoint}.`];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: check,
  rehearse: check,
  byHand: ({ host, port }, facts) => [{ run: connects(facts.host(host), port, facts.viewpoint), shows: '`open`' }],
  undo: { none: 'It only reads.' },
});

async function check({ host, port }: z.infer<typeof input>, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const where = endpoint(context.host(host), port, context.viewpoint);
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const socket = net.connect({ host: where.address, port: where.port, timeout: patience, signal: context.signal });
    const fail = (why: string): void => {
      if (context.signal.aborted) return reject(new StepError('cancelled', `The connection to ${host} was ended, because the step was.`));
      socket.destroy();
      reject(
        new StepError(
          'port-closed',
          `Port ${port} of ${host} cannot be reached from ${context.viewpoint} (${where.address}:${where.port}): ${why}.`,
        ),
      );
    };
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ECONNREFUSED' ? 'connection refused' : (error.code ?? error.message)),
    );
    socket.on('timeout', () => fail(`no answer within ${patience} ms`));
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
  const milliseconds = Math.round(performance.now() - began);
  return {
    outputs: { milliseconds },
    evidence: [`Port ${port} of ${host} takes connections from ${context.viewpoint} (${milliseconds} ms).`],
  };
}
