import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { StepError } from '../error.ts';
import type { Pair } from './records.ts';

/** Weights of two records. */
export interface Weights {
  readonly from: number;
  readonly to: number;
}
/** What a step was told of the weights. */
export interface Told {
  readonly was?: Weights | undefined;
  readonly weights?: Weights | undefined;
}

/**
 * How two records stand to a shift: still to be shifted, with what they become; or shifted, with what they were.
 * @throws StepError `record-changed` where they are neither as the step was told that they are, nor as it leaves them.
 */
export function turnOf(pair: Pair, told: Told, name: string): { readonly shifted: boolean; readonly other: Pair } {
  const { from, to } = pair;
  if (from.Failover !== undefined && to.Failover !== undefined) {
    if (told.was !== undefined)
      throw new StepError(
        'no-weights',
        `${name} has failover records, and they have no weights: leave \`was\` and \`weights\` out.`,
        'mistake',
      );
    if (from.Failover === to.Failover) throw notAsTold(pair, name);
    return { shifted: to.Failover === 'PRIMARY', other: { from: turned(from), to: turned(to) } };
  }
  if (from.Weight === undefined || to.Weight === undefined)
    throw new StepError('record-kind', `The records of ${name} are neither weighted nor of failover.`, 'person');
  const now = { from: from.Weight, to: to.Weight };
  const weighted = (weights: Weights): Pair => ({ from: { ...from, Weight: weights.from }, to: { ...to, Weight: weights.to } });
  const { was, weights } = told;
  if (was !== undefined && weights !== undefined) {
    if (equal(now, weights)) return { shifted: true, other: weighted(was) };
    if (equal(now, was)) return { shifted: false, other: weighted(weights) };
    throw notAsTold(pair, name);
  }
  // All of it at one of them, else nobody has said what is meant.
  if ((now.from === 0) === (now.to === 0)) throw notAsTold(pair, name);
  return { shifted: now.from === 0, other: weighted({ from: now.to, to: now.from }) };
}

/** `a 100, b 0`, or `a PRIMARY, b SECONDARY`. */
export function shown({ from, to }: Pair): string {
  return [from, to].map(({ SetIdentifier, Weight, Failover }) => `${SetIdentifier} ${Failover ?? Weight}`).join(', ');
}

function notAsTold(pair: Pair, name: string): StepError {
  return new StepError(
    'record-changed',
    `${name} stands at ${shown(pair)}, and that is not how this step was told that it stands. Nothing was done: look who changed it, and tell the step by \`was\` and \`weights\`.`,
    'person',
  );
}

function equal(one: Weights, other: Weights): boolean {
  return one.from === other.from && one.to === other.to;
}

function turned(record: ResourceRecordSet): ResourceRecordSet {
  return { ...record, Failover: record.Failover === 'PRIMARY' ? 'SECONDARY' : 'PRIMARY' };
}
