import { z } from 'zod';
import { StepError } from '../error.ts';
import { quote } from '../host/quote.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { webAddress } from './guard.ts';
import { request } from './request.ts';

const input = z.object({
  url: z.string().describe('The address that is fetched, `https://…` or `http://…`. Redirects are not followed.'),
  status: z.int().min(100).max(599).default(200).describe('The status it must answer, a number. Default: 200.'),
  contains: z.string().min(1).optional().describe('Text that must stand in the first MiB of the answer.'),
});
const output = z.object({
  status: z.number().describe('The status it answered, a number.'),
  milliseconds: z.number().describe('Time to the whole answer, milliseconds.'),
});

export default step({
  name: 'http.check',
  summary: 'Fetches a web address from the target site and holds its answer to a status and a text.',
  effect: 'read',
  at: 'target',
  expected: 200,
  timeout: '1 minute',
  retry: { times: 5, wait: '1 second' },
  input,
  output,
  example: { url: 'https://orders.example.com/health', status: 200, contains: 'ok' },
  permissions: ['HTTP or HTTPS from the target site to the address.'],
  async preflight({ url }) {
    return [`${webAddress(url).host} is an address that a step may fetch.`];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: check,
  rehearse: check,
  byHand: ({ url, status, contains }) => [
    {
      run: `curl --silent --show-error --max-time 10 --output /dev/null --write-out '%{http_code}\\n' ${quote(url)}`,
      shows: `\`${status}\``,
    },
    ...(contains === undefined
      ? []
      : [{ run: `curl --silent --max-time 10 ${quote(url)} | grep -cF -- ${quote(contains)}`, shows: 'at least 1' }]),
  ],
  undo: { none: 'It only reads.' },
});

async function check({ url, status, contains }: z.infer<typeof input>, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const answer = await request(url, { method: 'GET' }, 10_000, context.signal);
  if (answer.status !== status) throw new StepError('wrong-status', `${url} answers ${answer.status}, and ${status} is expected.`);
  if (contains !== undefined && !answer.body.includes(contains)) {
    throw new StepError('text-missing', `${url} answers ${status}, but "${contains}" does not stand in it.`);
  }
  return {
    outputs: { status: answer.status, milliseconds: answer.milliseconds },
    evidence: [
      `${url} answers ${answer.status} to ${context.viewpoint} in ${answer.milliseconds} ms${contains === undefined ? '' : `, with "${contains}" in it`}.`,
    ],
  };
}
