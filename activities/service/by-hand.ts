import type { HandCommand, HandFacts } from '../by-hand/command.ts';
import { onHost } from '../by-hand/shell.ts';
import { asRoot } from '../host/rights.ts';
import type { UnitInput } from './unit.ts';

const state = ({ host, unit }: UnitInput, facts: HandFacts): string =>
  onHost(facts.host(host), ['systemctl', 'is-active', unit], facts.viewpoint);

/** Starts or stops a unit, and reads back its state. */
export const orderByHand =
  (act: 'start' | 'stop') =>
  (input: UnitInput, facts: HandFacts): HandCommand[] => [
    {
      run: onHost(facts.host(input.host), ['systemctl', act, input.unit], facts.viewpoint, asRoot(facts.host(input.host)).as),
      shows: 'no error',
    },
    { run: state(input, facts), shows: act === 'start' ? '`active`' : '`inactive` or `failed`' },
  ];
