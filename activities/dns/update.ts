import { StepError } from '../error.ts';
import { beating, noted } from '../note.ts';
import { step } from '../step.ts';
import { askServer, type Answer } from './ask.ts';
import { updateByHand } from './by-hand.ts';
import { authoritative, before, change, list, missing, moved, output, sentence, settle, several, verified } from './change.ts';
import { canonical } from './fields.ts';
import { mayUpdate, put, swap } from './nsupdate.ts';
import { mayRehearse, rehearsed, remove } from './rehearsed.ts';
import { goal, input } from './update-input.ts';

export default step({
  name: 'dns.update',
  summary:
    'Changes a record at its name server, signed and only if it still has the expected value, and waits until every resolver gives the new one.',
  effect: 'change',
  at: 'target',
  expected: 6_000,
  timeout: '2 minutes',
  retry: { times: 2, wait: '1 second' },
  input,
  output,
  example: {
    name: 'db.orders.example',
    type: 'A',
    value: '10.77.2.11',
    from: '10.77.1.11',
    zone: 'orders.example',
    server: '10.77.0.3',
    ttl: 5,
    key: 'lifeboat',
    algorithm: 'hmac-sha256',
    secret: 'file:/etc/lifeboat/tsig.key',
    resolvers: ['10.77.1.12', '10.77.2.12'],
  },
  permissions: [
    "A TSIG key that the zone's `update-policy` grants that name and type, and nothing more.",
    "DNS from the target site to the zone's primary name server and to the resolvers; nsupdate on the worker's machine.",
  ],

  async preflight(wanted, context) {
    const [at, ...resolvers] = await Promise.all([
      authoritative(wanted),
      ...wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type)),
      mayUpdate(wanted, context),
    ]);
    const ttl = at.ttl === null ? '' : `, to be kept for ${at.ttl} s`;
    const sentences = [`${wanted.server} says that ${wanted.name} is ${list(at.values)}${ttl}.`];
    if (at.values.length > 1) throw several(wanted, at);
    const from = wanted.from === undefined ? undefined : canonical(wanted.type, wanted.from);
    if (from !== undefined && ![from, goal(wanted)].includes(at.values[0] ?? ''))
      sentences.push(`It should be ${from}: as things are, the update would be refused.`);
    return [...sentences, ...resolvers.filter((one): one is Answer => one !== undefined).map((one) => sentence(one, wanted))];
  },

  async execute(wanted, context) {
    await change(wanted, context);
    await settle(wanted, noted(context, before)?.oldTtl ?? wanted.ttl, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  async rehearse(wanted, context) {
    const [now] = await beating(context, Promise.all([authoritative(wanted), mayUpdate(wanted, context)]));
    const from = wanted.from === undefined ? now.values[0] : canonical(wanted.type, wanted.from);
    if (from === undefined) throw missing(wanted);
    const own = rehearsed({ ...wanted, from }, context);
    await mayRehearse(own, wanted, context);
    await context.stillOurs();
    await beating(context, put(own, from, context));
    await change(own, context);
    await settle(own, own.ttl, context);
    const outcome = await verified(own, context);
    await remove(own, context);
    const said = `The key ${wanted.key} may change ${wanted.name}, which is ${list(now.values)} and was left so. Done under ${own.name}, which was removed.`;
    return { ...outcome, evidence: [said, ...outcome.evidence] };
  },

  sweep: (wanted, context) => remove(rehearsed(wanted, context), context),

  byHand: updateByHand,
  async undo(wanted, context) {
    const old = wanted.from === undefined ? noted(context, before)?.old : canonical(wanted.type, wanted.from);
    const at = await authoritative(wanted);
    if (at.values.length === 1 && at.values[0] === old) return [`${wanted.name} is ${old}, as before.`];
    if (at.values.length !== 1 || at.values[0] !== goal(wanted))
      return [`${wanted.name} is ${list(at.values)}, which this step did not make so; it is left so.`];
    if (!old)
      throw new StepError(
        'dns-old-unknown',
        `${wanted.name} is ${goal(wanted)}, and what it was before is not known here: set it back by hand, and give the step \`from\` for another time.`,
        'person',
      );
    await context.stillOurs();
    await swap({ ...wanted, from: goal(wanted), to: old }, context);
    const now = await authoritative(wanted);
    if (now.values.length === 1 && now.values[0] === old) return [`${wanted.server} says that ${wanted.name} is ${old} again.`];
    throw moved(wanted, goal(wanted), now);
  },
});
