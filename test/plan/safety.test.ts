import assert from 'node:assert/strict';
import { fence, gate, head, promote, quiesce, refused, whole } from './sample.ts';

const source = '"${{ source.postgres.host }}"';
const backup = head.replace('failover', 'backup');

describe('the rules of safety', () => {
  const cases: [what: string, steps: string, expected: RegExp][] = [
    [
      'a promotion without a gate',
      whole.replaceAll('needs: [ok], ', ''),
      /"promote" promotes the target, and no gate precedes it in planned mode — add "ok" to the `needs` of "promote"/,
    ],
    [
      'a fence without a gate',
      whole.replace('only: unplanned, needs: [ok]', 'only: unplanned'),
      /"fence" cuts the source off, and no gate precedes it in unplanned mode/,
    ],
    [
      'a step that stops the service without a gate',
      whole.replace('only: planned, needs: [ok]', 'only: planned'),
      /"quiesce" stops the service, and no gate precedes it in planned mode/,
    ],
    [
      'a gate that only one mode has',
      whole.replace('gate: Go?', 'only: planned, gate: Go?'),
      /"fence" cuts the source off, and no gate precedes it in unplanned mode/,
    ],
    [
      'a gate that may not ask',
      whole.replace('gate: Go?', 'if: "${{ parameters.careful }}", gate: Go?'),
      /"ok" has an `if` and may not ask/,
    ],
    [
      'a gate behind a step that is left out',
      `${gate}  - { id: mid, uses: test.wait, only: planned, needs: [ok] }\n${(fence + quiesce).replaceAll('needs: [ok]', 'needs: [mid]')}${promote}`,
      /"fence" .* in unplanned mode: between "ok" and it stands a step that is left out then — add "ok" to the `needs` of "fence"/,
    ],
    [
      'a promotion without a proof',
      gate + promote.replace('fence, quiesce', 'ok'),
      /"promote" requires a proof .*\(fence or shutdown\).* in planned mode — add a step before it that provides one \(postgres\.quiesce, power\.off, fence\.manual\)/,
    ],
    [
      'a promotion that has a proof in one mode only',
      gate + quiesce + promote.replace('fence, ', ''),
      /requires a proof .* in unplanned mode/,
    ],
    [
      'a promotion that does not wait for the proof',
      whole.replace('needs: [fence, quiesce]', 'needs: [fence, ok]'),
      /requires a proof .* in planned mode — add "quiesce" to the `needs` of "promote"/,
    ],
    [
      'a proof that may be left out',
      whole.replace('only: unplanned, ', 'only: unplanned, if: "${{ parameters.careful }}", '),
      /requires a proof .* in unplanned mode/,
    ],
    [
      'another way that proves nothing',
      whole.replace('needs: [ok], with', 'needs: [ok], else: [{ uses: manual.task, with: { task: Look } }], with'),
      /manual\.task provides no fence, and "fence" is there to provide one/,
    ],
    [
      'a gate that proceeds by itself before a promotion',
      whole.replace('gate: Go?', 'gate: Go?, expires: 1 minute, on-expiry: proceed'),
      /^r\.yaml:6:\d+: the gate "ok" would proceed by itself, and "fence" behind it cuts the source off — write `abort`/,
    ],
    [
      'a gate that proceeds after it has escalated',
      whole.replace('gate: Go?', 'gate: Go?, expires: 1 minute, on-expiry: { escalate: dbas, expires: 1 minute, then: proceed }'),
      /would proceed by itself/,
    ],
    [
      'a step at the source that is lost',
      `${whole}  - { id: look, uses: postgres.check, with: { host: ${source} } }\n`,
      /"look" is carried out at the source, which is lost when the run is unplanned — add `only: planned`/,
    ],
    [
      'a fence at the source without another proof',
      whole.replace('only: unplanned, needs', 'only: unplanned, at: "${{ source.site }}", needs'),
      /"fence" is carried out at the source.* — name another proof under `else:`/,
    ],
    [
      'a fence that asks more people than there are',
      whole.replace('needs: [ok], with', 'needs: [ok], approvers: [nobody], else: [fence.manual], with'),
      /the inventory has no role "nobody"/,
    ],
  ];
  const before = `${head}parameters: { careful: { type: boolean, description: Careful., default: true } }\n`;
  for (const [what, steps, expected] of cases)
    it(`refuse ${what}`, () =>
      assert.match(refused(steps, steps.includes('parameters.') ? before : head).join('\n'), new RegExp(expected, 'm')));

  it('let a fence try its controller at the source where it names another proof', () => {
    const steps = whole.replace(
      'only: unplanned, needs: [ok], with',
      'only: unplanned, at: "${{ source.site }}", needs: [ok], else: [fence.manual], with',
    );
    assert.deepEqual(refused(steps), []);
  });

  it('refuse to destroy without a gate, in a backup too', () => {
    const wipe = (needs: string): string => `  - { id: wipe, uses: disk.wipe, ${needs}with: { host: b-db } }\n`;
    assert.match(refused(wipe(''), backup).join('\n'), /"wipe" destroys data, and no gate precedes it — add a step with `gate:`/);
    assert.deepEqual(refused(gate + wipe('needs: [ok], '), backup), []);
  });

  it('refuse a step that only an unplanned backup would run', () => {
    assert.match(
      refused('  - { id: a, uses: test.wait, only: unplanned }\n', backup).join('\n'),
      /"a" would never run: a backup is always planned/,
    );
  });
});
