import { z } from 'zod';
import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { startsAtBoot } from '../host/boot.ts';
import { inService } from '../in-service.ts';
import { beating, note, noted } from '../note.ts';
import { sight } from '../sight.ts';
import { seenBefore } from '../silence.ts';
import { step, type StepContext } from '../step.ts';
import { cutByHand } from './by-hand.ts';
import { cutsOf, fencesOf, proveCut, writesInside, type Cut } from './cuts.ts';
import { lineState, setLine } from './line.ts';

/** What an attempt learnt before it cut: afterwards the host cannot be asked any more. */
const before = z.object({
  latched: z.enum(['yes', 'unknown']),
  seen: z.string().nullable(),
  /** The line that it was to cut; null: none can be spoken to. */
  line: z.enum(['port', 'router']).nullable(),
});

export default step({
  name: 'fence.network',
  summary: "Cuts a host off at its own switch port, or else at its site's router, and proves by a second signal that nobody reaches it.",
  effect: 'change',
  provides: ['fence'],
  commits: true,
  at: 'target',
  expected: 1_500,
  timeout: '45 seconds',
  retry: { times: 2, wait: '1 second' },
  input: z.object({ host: hostName('The host that is cut off, by its name in the inventory.') }),
  output: z.object({
    line: z.enum(['port', 'router']).describe("Where it was cut: at the host's `port`, or at the site's `router`."),
    device: z.string().describe('The device that cut the line, by its name in the inventory.'),
    latched: z
      .enum(['yes', 'unknown'])
      .describe('Whether PostgreSQL on the host stays down when the host is booted, for when the line is opened: `yes` or `unknown`.'),
  }),
  example: { host: 'a-db' },
  permissions: [
    "A login at the device that cuts the line, which may run the inventory's `cut` and `state` commands there.",
    "TCP from the target site to the host's `alive` port and to its site's witness.",
    "The right to run the service's `enabled` command on the host.",
  ],

  async preflight({ host: name }, context) {
    const host = context.host(name);
    const cuts = fencesOf(host);
    return (await look(host, cuts, context)).evidence;
  },

  async execute({ host: name }, context) {
    const host = context.host(name);
    const cuts = fencesOf(host);
    // All at once: what stands at a lost site is silent for seconds, and only what can be read can be cut.
    const [seen, boot, states] = await beating(
      context,
      Promise.all([
        sight(host, context.system, context.viewpoint),
        startsAtBoot(name, context),
        Promise.all(cuts.map((cut) => stateOf(cut, context))),
      ]),
    );
    const known = noted(context, before);
    const learnt = {
      latched: boot.latched === 'yes' ? ('yes' as const) : (known?.latched ?? 'unknown'),
      seen: seen.alive ? seen.at : (known?.seen ?? null),
    };
    const problems = states.flatMap(({ error }) => (error ? [error] : []));
    for (const cut of cuts.filter((_, index) => states[index]?.state !== undefined)) {
      note(context, { ...learnt, line: cut.kind });
      try {
        await setLine(cut.line, 'cut', cut.what, context);
        return;
      } catch (error) {
        if (!(error instanceof StepError) || error.code === 'not-ours' || context.signal.aborted) throw error;
        problems.push(error);
      }
    }
    throw problems.length === 1 ? problems[0]! : allFailed(name, problems);
  },

  async verify({ host: name }, context) {
    const host = context.host(name);
    const known = noted(context, before);
    const latched = known?.latched ?? latchedBefore(name, context);
    const seen = known?.seen ?? context.seen[name] ?? seenBefore({ by: 'fence.network', host: name }, context.proofs);
    const cut = await beating(context, cutNow(fencesOf(host), known?.line, context));
    const { at, evidence } = await beating(context, proveCut(host, cut, seen, context));
    const all = [
      ...evidence,
      latched === 'yes'
        ? `PostgreSQL on ${name} does not start at boot.`
        : `Whether PostgreSQL on ${name} starts at boot is not known: keep the line cut.`,
    ];
    return {
      outputs: { line: cut.kind, device: cut.line.device.name, latched },
      proofs: [{ kind: 'fence' as const, by: 'fence.network', host: name, at, with: { host: name }, evidence: all, latched }],
      evidence: all,
    };
  },

  proves: true,
  async rehearse({ host: name }, rehearsal) {
    const context = inService(rehearsal);
    const host = context.host(name);
    const cuts = fencesOf(host);
    const { states, seen, latched, evidence } = await beating(context, look(host, cuts, context));
    const first = states.findIndex(({ state }) => state !== undefined);
    const cut = cuts[first]!;
    if (states[first]!.state === 'cut' && seen.alive)
      throw new StepError(
        'line-lies',
        `${cut.line.device.name} says that ${cut.what} is cut, and ${name} answers all the same: it is another's line, or the device does not cut it. No fence by it can be trusted.`,
        'person',
      );
    return {
      outputs: { line: cut.kind, device: cut.line.device.name, latched },
      evidence: [...evidence, 'Nothing was cut: that the line is the only one, only a live exercise proves.'],
    };
  },
  byHand: cutByHand,
  undo: { none: 'A line that is opened may bring an old primary back: `fence.lift` does it once the host can no longer write.' },
});

/** What can be known of the lines, the host and its latch while nothing is cut. Only reads. */
async function look(host: HostFacts, cuts: readonly Cut[], context: StepContext) {
  if (cuts[0]?.kind === 'port' && !host.witness)
    throw new StepError(
      'no-witness',
      `The inventory names no witness at ${host.site}: without one a host that is cut off cannot be told from a cut link, and no fence of ${host.name} can be proven. Add \`sites.${host.site}.witness\`.`,
      'mistake',
    );
  const [states, seen, boot] = await Promise.all([
    Promise.all(cuts.map((cut) => stateOf(cut, context))),
    sight(host, context.system, context.viewpoint),
    startsAtBoot(host.name, context),
  ]);
  const unable = states.filter((state) => state.error !== undefined);
  if (unable.length === cuts.length) throw unable[0]!.error!;
  const refused = cutsOf(host).some(({ fences }) => !fences) ? [writesInside(host)] : [];
  const latched = boot.latched === 'yes' ? ('yes' as const) : ('unknown' as const);
  return { states, seen, latched, evidence: [...states.map(({ text }) => text), ...refused, ...seen.evidence, boot.text] };
}

/** The line that reads as cut: the one that was cut if it does, else the narrowest; else why none does. */
async function cutNow(cuts: readonly Cut[], line: string | null | undefined, context: StepContext): Promise<Cut> {
  const own = cuts.find(({ kind }) => kind === line);
  if (own && (await stateOf(own, context)).state === 'cut') return own;
  const states = await Promise.all(cuts.map((cut) => stateOf(cut, context)));
  const cut = cuts.find((_, index) => states[index]?.state === 'cut');
  if (cut) return cut;
  const unread = states.find(({ error }) => error !== undefined)?.error;
  if (unread && states.every(({ error }) => error !== undefined)) throw unread;
  throw new StepError('line-open', `The host is not cut off: ${states.map(({ text }) => text).join(' ')}`);
}

async function stateOf(cut: Cut, context: StepContext) {
  try {
    const state = await lineState(cut.line, cut.what, context);
    return { state, text: `${cut.line.device.name} says that ${cut.what} is ${state}.` };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return { error, text: `The state of ${cut.what} cannot be read: ${error.message}` };
  }
}

/** A proof that is read again keeps what was known of the latch when it was made. */
function latchedBefore(name: string, context: StepContext): 'yes' | 'unknown' {
  return context.proofs.some((proof) => proof.by === 'fence.network' && proof.host === name && proof.latched === 'yes') ? 'yes' : 'unknown';
}

function allFailed(name: string, problems: readonly StepError[]): StepError {
  const grave = problems.find(({ remedy }) => remedy !== 'again');
  return new StepError(
    'not-cut',
    `${name} could not be cut off at any line. ${problems.map(({ message }) => message).join(' ')}`,
    grave === undefined ? 'again' : 'person',
  );
}
