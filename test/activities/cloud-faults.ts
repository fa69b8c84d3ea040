import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { onCall } from '../../activities/aws/client.ts';
import type { StepType } from '../../activities/step.ts';
import type { CloudFault, LedgerEntry } from '../../lab/aws/control.ts';
import { deep, seed, share } from '../e2e/seeded.ts';
import { typeOf } from './estate.ts';
import { begin, carry, undo, untilDone, type UnderFaults } from './fault-run.ts';

export type { UnderFaults } from './fault-run.ts';

/** One type under one fault, at each of its calls that change something. */
export interface FaultRow {
  readonly type: string;
  readonly fault: string;
  /** Calls that the fault struck, one after another. */
  readonly calls: number;
  /** Effects over all these runs that had to be there. */
  readonly effects: number;
  readonly doubled: number;
  readonly lost: number;
  readonly left: number;
}

export type Strike = { readonly does: string; readonly kind: CloudFault['kind']; readonly seconds?: number; readonly kills?: boolean };

/** By the name that the table shows. */
export const strikes: { readonly [fault: string]: Strike } = {
  refused: { does: 'fails once before it takes effect', kind: 'refuse' },
  reset: { does: 'loses its connection before it takes effect', kind: 'reset' },
  lost: { does: 'loses its answer after it took effect', kind: 'lose' },
  throttled: { does: 'is throttled once', kind: 'throttle' },
  slow: { does: 'is slow', kind: 'slow', seconds: 0.3 },
  killed: { does: 'is the last that a killed worker made', kind: 'late', seconds: 2, kills: true },
};

/** All faults at all calls, where the table is printed or the long matrices are run; else a share of each, the same for the same seed. */
const whole = deep || process.env['LIFEBOAT_FAULT_TABLE'] !== undefined;
const some = { faults: 3, calls: 3 };

/** Tests that a type brings about each effect once, whatever becomes of each call that it makes. */
export function faultTable<Made>(name: string, spec: UnderFaults<Made>): void {
  describe(`${name} under faults`, function () {
    const type = typeOf(name);
    let clean: Clean;
    this.timeout(0);

    before(async () => {
      clean = await cleanRun(type, spec);
    });

    const own = seed + Buffer.from(name).reduce((sum, byte) => sum + byte, 0);
    for (const [fault, strike] of whole ? Object.entries(strikes) : share(Object.entries(strikes), some.faults, own))
      it(`each effect is there once, and nothing beside it, where a call that changes something ${strike.does}`, async () => {
        const seen = { effects: 0, doubled: 0, lost: 0, left: 0 };
        const wrong: string[] = [];
        const calls = whole ? clean.calls : share(clean.calls, some.calls, own);
        for (const at of calls) {
          const told = await underFault(type, spec, clean, at, strike);
          seen.effects += clean.effects.length;
          seen.doubled += told.doubled.length;
          seen.lost += told.lost.length;
          seen.left += told.left.length;
          for (const [what, list] of Object.entries(told)) for (const one of list) wrong.push(`${at.operation} ${fault}: ${what}: ${one}`);
        }
        record({ type: name, fault, calls: calls.length, ...seen });
        assert.deepEqual(wrong, []);
      });

    it('it goes on where each call that only reads is throttled once', async () => {
      const told = await underRules(type, spec, clean, clean.reads, undefined);
      record({
        type: name,
        fault: 'reads throttled',
        calls: clean.reads.length,
        effects: clean.effects.length,
        doubled: told.doubled.length,
        lost: told.lost.length,
        left: told.left.length,
      });
      assert.deepEqual(told, { doubled: [], lost: [], left: [] });
    });
  });
}

export interface Call {
  readonly service: string;
  readonly operation: string;
  /** How many of the same went before it. */
  readonly after: number;
}
export interface Clean {
  readonly calls: readonly Call[];
  readonly reads: readonly CloudFault[];
  readonly effects: readonly string[];
  /** How many resources of each kind it made and left. */
  readonly made: ReadonlyMap<string, number>;
  readonly undone: readonly string[];
}
export type Told = { readonly doubled: readonly string[]; readonly lost: readonly string[]; readonly left: readonly string[] };

/** Carries it out with no fault, twice, and undoes it: what it calls, and what there is to be. */
export async function cleanRun<Made>(type: StepType, spec: UnderFaults<Made>): Promise<Clean> {
  const run = await begin(type, spec);
  const [calls, counts, reads] = [[] as Call[], new Map<string, number>(), new Map<string, CloudFault>()];
  await run.type.preflight(run.input, run.context(1));
  const stop = onCall(({ action, dryRun }) => {
    const [prefix, operation] = action.split(':') as [string, string];
    const service = prefix === 'cloudwatch' ? 'monitoring' : prefix;
    if (dryRun || service === 'sts') return;
    if (/^(?:Describe|Get|List|Head)/u.test(operation)) reads.set(action, { service, operation, kind: 'throttle' });
    else calls.push({ service, operation, after: counts.get(action) ?? 0 });
    counts.set(action, (counts.get(action) ?? 0) + 1);
  });
  try {
    await carry(run, 1);
  } finally {
    stop();
  }
  const [fresh, all] = await run.ledger();
  const effects = [...spec.effects(fresh, run.made, all)].sort();
  assert.ok(calls.length > 0, `${type.name} made no call that changes anything`);
  assert.ok(effects.length > 0, `${type.name} had no effect`);
  await carry(run, 2);
  const [again, then] = await run.ledger();
  assert.deepEqual([...spec.effects(again, run.made, then)].sort(), effects, 'run twice, its effects are those of once');
  const made = counted(again);
  const undone = await undo(run, spec);
  if (spec.afterUndo === undefined) assert.deepEqual(undone, [], 'what undo leaves');
  return { calls, reads: [...reads.values()], effects, made, undone };
}

/** The same with a fault at one call; what came out otherwise. */
export function underFault<Made>(type: StepType, spec: UnderFaults<Made>, clean: Clean, at: Call, strike: Strike): Promise<Told> {
  const { kind, seconds } = strike;
  const rule: CloudFault = { ...at, kind, times: 1, ...(seconds === undefined ? {} : { seconds }) };
  return underRules(type, spec, clean, [rule], strike);
}

async function underRules<Made>(
  type: StepType,
  spec: UnderFaults<Made>,
  clean: Clean,
  rules: readonly CloudFault[],
  strike: Strike | undefined,
): Promise<Told> {
  const run = await begin(type, spec);
  await run.type.preflight(run.input, run.context(1));
  await run.cloud.faults(rules);
  const attempt = await untilDone(run, strike?.kills === true, Date.now() + (spec.within ?? 30_000));
  const fired = await run.cloud.fired();
  if (strike) assert.ok(fired[0]!.fired > 0, `${rules[0]!.operation} was not called: the fault struck nothing`);
  await run.cloud.faults([]);
  await carry(run, attempt + 1);
  const [fresh, all] = await run.ledger();
  const effects = spec.effects(fresh, run.made, all);
  const left = beyond(counted(fresh), clean.made);
  const undone = await undo(run, spec);
  return {
    doubled: minus(effects, clean.effects),
    lost: minus(clean.effects, effects),
    left: [...left, ...minus(undone, clean.undone).map((one) => `${one} after undo`)],
  };
}

function counted(fresh: readonly LedgerEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { service, kind, region } of fresh.filter(({ gone }) => !gone)) {
    const kinds = `${region} ${service} ${kind}`;
    counts.set(kinds, (counts.get(kinds) ?? 0) + 1);
  }
  return counts;
}

function beyond(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): string[] {
  return [...found].filter(([kind, count]) => count > (expected.get(kind) ?? 0)).map(([kind, count]) => `${kind}: ${count}`);
}

/** What is in the first list more often than in the second. */
function minus(one: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return one.filter((item) => {
    const index = left.indexOf(item);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

function record(row: FaultRow): void {
  const file = process.env['LIFEBOAT_FAULT_TABLE'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
