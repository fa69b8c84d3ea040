import assert from 'node:assert/strict';
import { compile } from '../../plan/compile.ts';
import { printProblem } from '../../plan/problem.ts';
import { check, fence, gate, head, inventory, promote, quiesce, refused, rows, runbook, whole } from './sample.ts';
import { types } from './types.ts';

const target = '"${{ target.postgres.host }}"';

describe('the linter', () => {
  it('finds nothing wrong with a whole failover', () => assert.deepEqual(refused(whole), []));

  const cases: [what: string, steps: string, expected: RegExp][] = [
    [
      'an unknown type',
      '  - { id: a, uses: postgres.chek }\n',
      /^r\.yaml:6:20: there is no step type "postgres\.chek" — did you mean "postgres\.check"\?$/,
    ],
    [
      'an unknown type among the other ways',
      whole.replace('needs: [ok], with', 'needs: [ok], else: [fence.manul], with'),
      /^r\.yaml:7:72: there is no step type "fence\.manul" — did you mean "fence\.manual"/,
    ],
    [
      'a run of another runbook as another way',
      '  - { id: a, uses: test.wait, else: [runbook] }\n',
      /"uses: runbook" is no other way of a step — give the run a step of its own/,
    ],
    ['a loop over nothing', `  - { id: a, uses: test.wait, for-each: [] }\n`, /the list is empty: there is nothing to carry it out for/],
    [
      'an unknown field of a type',
      `  - { id: a, uses: postgres.check, with: { host: ${target}, rol: standby } }\n`,
      /postgres\.check has no field "rol" — did you mean "role"\?/,
    ],
    [
      'an unknown field deep in an input',
      `  - { id: a, uses: postgres.check, with: { host: ${target}, rows: [{ table: t, at-lest: 1 }] } }\n`,
      /has no field "at-lest" — did you mean "at-least"\?/,
    ],
    [
      'a wrong value',
      `  - { id: a, uses: postgres.check, with: { host: ${target}, role: leader } }\n`,
      /^r\.yaml:6:87: "role" is "leader", which it cannot be — one of: primary, standby$/,
    ],
    ['a missing field of a type', '  - { id: a, uses: postgres.check }\n', /missing field "host" — add it: Host\.$/],
    [
      'an unknown host',
      '  - { id: a, uses: postgres.check, with: { host: c-db } }\n',
      /the inventory has no host "c-db" — did you mean "a-db"\?/,
    ],
    [
      'an unknown entry of notify',
      '  - { id: a, uses: notify.webhook, with: { to: on-cal } }\n',
      /no entry under `notify` "on-cal" — did you mean "on-call"\?/,
    ],
    [
      'an unknown role in an input',
      '  - { id: a, uses: test.wait, with: { people: dba } }\n',
      /the inventory has no role "dba" — did you mean "dbas"\?/,
    ],
    ['an unknown role', '  - { id: a, gate: Go?, approvers: [dr-lead] }\n', /^r\.yaml:6:37: the inventory has no role "dr-lead"/],
    [
      'an unknown role to escalate to',
      '  - { id: a, gate: Go?, expires: 1 minute, on-expiry: { escalate: x, expires: 1 minute, then: abort } }\n',
      /the inventory has no role "x"/,
    ],
    [
      'more approvals than people',
      '  - { id: a, gate: Go?, approvers: [dr-leads], count: 3 }\n',
      /the gate "a" asks 3 people, and its approvers are 2/,
    ],
    ['an unknown site', `  - { id: a, uses: test.wait, at: site-c }\n`, /the inventory has no site "site-c"/],
    [
      'a duplicate id',
      '  - { id: a, uses: test.wait }\n  - { id: a, uses: test.wait }\n',
      /^r\.yaml:7:11: the id "a" is already taken, on line 6/,
    ],
    [
      'an unknown need',
      '  - { id: abc, uses: test.wait }\n  - { id: b, uses: test.wait, needs: [abd] }\n',
      /^r\.yaml:7:39: there is no step "abd" — did you mean "abc"\?/,
    ],
    [
      'a cycle',
      '  - { id: a, uses: test.wait, needs: [c] }\n  - { id: b, uses: test.wait, needs: [a] }\n  - { id: c, uses: test.wait, needs: [b] }\n',
      /the steps wait for each other: a → b → c → a|b → c → a → b|c → a → b → c/,
    ],
    ['a step that waits for itself', '  - { id: a, uses: test.wait, needs: [a] }\n', /wait for each other: a → a/],
    ['an expiry that never comes', '  - { id: a, gate: Go?, on-expiry: abort }\n', /the gate "a" never expires — add `expires:`/],
    [
      'a host that is known too late',
      '  - { id: a, uses: test.wait }\n  - { id: b, uses: postgres.check, needs: [a], with: { host: "${{ steps.a.outputs.text }}" } }\n',
      /a host must be known before the run starts/,
    ],
    ['a key that plans use', '  - { id: a, uses: test.wait, with: { text: { $ref: [x] } } }\n', /the key "\$ref" begins with "\$"/],
  ];
  for (const [what, steps, expected] of cases)
    it(`refuses ${what}`, () => assert.match(refused(steps).join('\n'), new RegExp(expected, 'm')));

  it('refuses a system that is not there, and one that is at one site only', () => {
    assert.match(
      refused(whole, head.replace('orders', 'order')).join('\n'),
      /the inventory has no system "order" — did you mean "orders"\?/,
    );
    assert.match(
      refused('  - { id: a, uses: test.wait }\n', head.replace('system: orders', 'system: files')).join('\n'),
      /a failover needs a system that is at two sites/,
    );
  });
});

describe('references', () => {
  const facts = `  - { id: facts, uses: postgres.check, with: { host: ${target} } }\n`;
  const wait = (reference: string, more = 'needs: [facts], '): string =>
    `${facts}  - { id: a, uses: test.wait, ${more}with: { text: "\${{ ${reference} }}" } }\n`;
  const cases: [what: string, steps: string, expected: RegExp][] = [
    ['an unknown beginning', wait('tagret.site'), /there is no "tagret" to refer to — did you mean "target"\?/],
    ['an unknown part', wait('target.postgres.hots'), /there is no "hots" in "target\.postgres" — did you mean "host"\?/],
    ['a part that has parts', wait('target.postgres'), /"target\.postgres" has parts — name one of them: host, address, port/],
    ['an inherited property', wait('target.constructor'), /there is no "constructor" in "target"/],
    ['an expression', wait('1 + 1'), /"1 \+ 1" is not a reference — references are looked up, never evaluated/],
    ['an unknown parameter', wait('parameters.x'), /there is no "x" in "parameters" — "parameters" has no parts/],
    ['an unknown fact of the run', wait('run.viewpoint'), /there is no "run\.viewpoint" — did you mean "viewpoints"\?/],
    ['a step that does not exist', wait('steps.fact.outputs.lag'), /there is no step "fact" — did you mean "facts"\?/],
    [
      'an output that the type does not have',
      wait('steps.facts.outputs.role2'),
      /postgres\.check has no output "role2" — did you mean "role"\?/,
    ],
    [
      'a part of an output that is not there',
      wait('steps.facts.outputs.server.versoin'),
      /has no output "server\.versoin" — did you mean "version"\?/,
    ],
    ['something of a step that is no output', wait('steps.facts.lag'), /"steps\.facts\.lag" names no output/],
    [
      'a step that is not sure to come before',
      wait('steps.facts.outputs.role', ''),
      /"facts" is not sure to be done before "a" — add "facts" to the `needs` of "a"/,
    ],
    [
      'outputs of a gate',
      `${gate}  - { id: a, uses: test.wait, needs: [ok], with: { text: "\${{ steps.ok.outputs.x }}" } }\n`,
      /"ok" is a gate: it has no outputs/,
    ],
    ['its own outputs', '  - { id: a, uses: test.wait, with: { text: "${{ steps.a.outputs.text }}" } }\n', /refers to its own outputs/],
    [
      'an output of another type than the field',
      `${facts}  - { id: a, uses: test.wait, needs: [facts], with: { count: "\${{ steps.facts.outputs.role }}" } }\n`,
      /"count" must be a number, not text/,
    ],
    [
      'text where a number must stand',
      `${facts}  - { id: a, uses: test.wait, needs: [facts], with: { count: "about \${{ steps.facts.outputs.lag }}" } }\n`,
      /"count" must be a number, not text/,
    ],
    ['an unclosed reference', `${facts}  - { id: a, gate: "From \${{ source.site" }\n`, /"\$\{\{" is not closed/],
    [
      'a condition that is no boolean',
      `${facts}  - { id: a, uses: test.wait, needs: [facts], if: "\${{ steps.facts.outputs.lag }}" }\n`,
      /is number, not boolean/,
    ],
    [
      'a condition that is an expression',
      `${facts}  - { id: a, uses: test.wait, needs: [facts], if: "not \${{ steps.facts.outputs.healthy }}" }\n`,
      /is not one reference/,
    ],
    ['a parameter that may have no value', 'PARAMETER', /the parameter "x" has no value where none is given/],
  ];
  for (const [what, steps, expected] of cases)
    it(`refuse ${what}`, () => {
      const found =
        steps === 'PARAMETER'
          ? refused(wait('parameters.x'), `${head}parameters: { x: { type: string, description: X. } }\n`)
          : refused(steps);
      assert.match(found.join('\n'), expected);
    });

  it('refuse an output of a step that the mode leaves out', () => {
    const steps = `${gate}${fence}${quiesce.replace('}\n', '}\n')}${promote}  - { id: a, uses: test.wait, needs: [promote], with: { text: "\${{ steps.look.outputs.role }}" } }\n  - { id: look, uses: postgres.check, only: planned, with: { host: ${target} } }\n`;
    assert.match(
      refused(steps.replace('needs: [promote], with: { text', 'needs: [promote, look], with: { text')).join('\n'),
      /"look" does not run in unplanned mode and has no outputs then/,
    );
  });

  it('are found wherever a list or a map holds them', () => {
    assert.deepEqual(
      refused(
        wait('steps.facts.outputs.role') +
          `  - { id: b, uses: test.wait, needs: [a], with: { text: "\${{ steps.a.outputs.text }} at \${{ target.site }}, \${{ run.link }}" } }\n`,
      ),
      [],
    );
  });
});

describe('a runbook of one way', () => {
  const head = (target: string): string => `runbook: r\nkind: failover\nsystem: orders\ntarget: ${target}\ndescription: Moves orders.\n`;

  it('is checked that way alone', () => {
    const fixed = whole.replaceAll('${{ source.postgres.host }}', 'a-db').replaceAll('${{ target.postgres.host }}', 'b-db');
    assert.deepEqual(refused(fixed, head('site-b')), []);
    assert.throws(
      () => compile({ runbook: runbook(fixed, head('site-b')), inventory: inventory(), types, source: 'site-b', target: 'site-a' }),
      {
        message: /r is for the way to "site-b", and orders would be moved from "site-b" to "site-a" — start the runbook of that way/,
      },
    );
  });
  it('names a site that there is', () =>
    assert.match(refused(whole, head('site-c')).join('\n'), /^r\.yaml:4:9: r is for the way to "site-c".* did you mean "site-/m));
});

describe('warnings', () => {
  const warned = (steps: string): string => check(steps).warnings.map(printProblem).join('\n');

  it('are none for a whole failover', () => assert.equal(warned(whole), ''));
  it('name a promotion that nothing checks', () =>
    assert.match(warned(gate + fence + quiesce + promote), /nothing checks the target after "promote"/));
  it('name a message that goes out before the check', () => {
    const tell = (needs: string): string => `  - { id: tell, uses: notify.webhook, needs: [${needs}], with: { to: on-call } }\n`;
    assert.match(warned(whole + tell('promote')), /"tell" tells people before anything was checked — add "rows" to its `needs`/);
    assert.equal(warned(whole + tell('rows')).includes('before anything was checked'), false);
  });
  it('name a change without an undo before the point of no return', () => {
    const task = '  - { id: task, uses: manual.task, needs: [ok], with: { task: Stop the jobs } }\n';
    assert.match(warned(whole + task), /"task" \(manual\.task\) cannot be undone and stands before the point of no return/);
    assert.equal(warned(whole + task.replace('[ok]', '[promote]')).includes('cannot be undone'), false);
  });
  it('name a type that a rehearsal cannot prove, once', () => {
    const found = warned(whole.replace('needs: [ok], with', 'needs: [ok], else: [fence.manual], with'));
    assert.equal(found.match(/a rehearsal cannot prove fence\.manual/g)?.length, 1);
  });
  it('name a failover that promotes nothing', () =>
    assert.match(warned('  - { id: a, uses: test.wait }\n'), /no step of this failover promotes the target/));
  it('do not count a check that may be left out', () => {
    const maybe = rows.replace('uses:', 'if: "${{ steps.facts.outputs.healthy }}", uses:').replace('[promote]', '[promote, facts]');
    assert.match(
      warned(`${gate}${fence}${quiesce}${promote}  - { id: facts, uses: postgres.check, with: { host: ${target} } }\n${maybe}`),
      /nothing checks the target/,
    );
  });
});
