import assert from 'node:assert/strict';
import { jsonSchema } from '../../plan/json-schema.ts';
import type { JsonSchema } from '../../plan/json-schema.ts';
import { inventoryGrammar } from '../../plan/grammar/inventory.ts';
import { runbookGrammar } from '../../plan/grammar/runbook.ts';
import { parseInventory } from '../../plan/load.ts';
import { printProblem, Problems } from '../../plan/problem.ts';
import { hostFacts, systemFacts } from '../../plan/facts.ts';
import { broken, head, inventory, inventoryText } from './sample.ts';

describe('the grammar of runbooks', () => {
  const step = (fields: string): string => `${head}steps:\n  - { id: a, ${fields} }\n`;
  const cases: [what: string, text: string, expected: string][] = [
    ['an unknown field', step('uses: x, retries: {}'), 'r.yaml:6:23: unknown field "retries" — did you mean "retry"?'],
    ['an unknown field of a gate', step('gate: Go?, aprovers: [x]'), 'r.yaml:6:25: unknown field "aprovers" — did you mean "approvers"?'],
    [
      'a field that only steps have',
      step('gate: Go?, with: {}'),
      'r.yaml:6:25: unknown field "with" — fields that can stand here: needs, only, if, approvers, count, show, expires, on-expiry, limit',
    ],
    [
      'a merge key',
      `${head}steps:\n  - { <<: x, id: a, uses: x }\n`,
      'r.yaml:6:7: unknown field "<<" — merge keys are not supported: write the fields out',
    ],
    [
      'a missing field',
      'runbook: r\nkind: failover\nsystem: s\nsteps: [{ id: a, uses: x }]\n',
      'r.yaml:1:1: missing field "description" — add it: What it does, in a sentence.',
    ],
    [
      'a mistyped kind',
      `${head.replace('failover', 'fail-over')}steps: [{ id: a, uses: x }]\n`,
      'r.yaml:2:7: "kind" is "fail-over", which it cannot be — did you mean "failover"?',
    ],
    ['a short duration', step('uses: x, timeout: 30 s'), 'r.yaml:6:32: "timeout": "30 s" is not a duration — write "30 seconds"'],
    [
      'a bare number as a duration',
      step('uses: x, timeout: 30'),
      'r.yaml:6:32: "timeout" must be a duration in words, such as "30 seconds", not number 30 — Time for one attempt.',
    ],
    ['a short size', step('gate: Go?, limit: 1mb'), 'r.yaml:6:32: "limit": "1mb" is not a size — write "1 MB"'],
    [
      'an id that a run needs itself',
      `${head}steps: [{ id: lock, uses: x }]\n`,
      'r.yaml:5:15: "id": the ids "plan" and "lock" are taken by the run itself — Name of the step in this runbook.',
    ],
    [
      'a wrong word on expiry',
      step('gate: Go?, expires: 1 minute, on-expiry: { escalate: x, expires: 1 minute, then: continue }'),
      'r.yaml:6:95: "then" is "continue", which it cannot be — one of: abort, proceed',
    ],
  ];
  for (const [what, text, expected] of cases) it(`says where there is ${what}`, () => assert.deepEqual(broken(text), [expected]));

  it('collects all problems of a file', () => {
    assert.equal(
      broken('runbook: r\nkind: x\nsystem: s\nextra: 1\nsteps:\n  - { id: A, uses: x }\n  - { id: b, uses: x, wit: {} }\n').length,
      5,
    );
  });

  it('describes every field', () => {
    for (const grammar of [runbookGrammar, inventoryGrammar]) assert.deepEqual(undescribed(jsonSchema(grammar), []), []);
  });
});

describe('the grammar of inventories', () => {
  const problemsOf = (text: string): string[] => {
    const problems = new Problems();
    parseInventory('inventory.yaml', text, problems);
    return problems.sorted().map(printProblem);
  };
  const cases: [what: string, change: [string, string], expected: RegExp][] = [
    ['a host at no site', ['a-db: { site: site-a', 'a-db: { site: site-c'], /there is no site "site-c" — did you mean "site-a"\?/],
    ['a member that is no host', ['site-b: b-db }', 'site-b: c-db }'], /there is no host "c-db"/],
    ['a member at another site', ['site-b: b-db }', 'site-b: a-db }'], /the host "a-db" stands at "site-a", not at "site-b"/],
    ['an unknown viewpoint', ['outside: { ports', 'outsid: { ports'], /there is no viewpoint "outsid" — did you mean "outside"\?/],
    [
      'a data directory for one member only',
      ['data: /data', 'data: { site-a: /data }'],
      /there is no data directory for the member at "site-b"/,
    ],
    ['a host without an address', ['address: 10.77.1.11, power', 'power'], /the host "a-db" has no address/],
    ['a site called like a viewpoint', ['site-a: { kind: physical }', 'outside: { kind: physical }'], /a site cannot be called "outside"/],
  ];
  for (const [what, [from, to], expected] of cases)
    it(`refuses ${what}`, () => assert.match(problemsOf(inventoryText.replace(from, to)).join('\n'), expected));

  it('refuses a secret that is written out, without repeating it', () => {
    const [problem = ''] = problemsOf(inventoryText.replace('env:BMC', 'hunter2'));
    assert.match(problem, /a secret is never written here/);
    assert.doesNotMatch(problem, /hunter2/);
  });

  it('gives the facts of a host as each viewpoint sees it', () => {
    const facts = hostFacts(inventory().data, 'b-db');
    assert.deepEqual(facts?.views, {
      default: { address: '10.77.2.11', ports: { 22: 6022, 5432: 6000 } },
      outside: { address: '10.77.2.11', ports: { 22: 6022, 5432: 7000 } },
      'site-a': { address: '192.0.2.1', ports: { 22: 6022, 5432: 6000 } },
    });
    assert.equal(facts.alive, 22);
    assert.deepEqual(facts.witness, { port: 22, views: { default: { address: '10.77.2.1', ports: {} } } });
    assert.equal(hostFacts(inventory().data, 'toString'), undefined);
  });

  it('makes commands of a systemd unit', () => {
    const text = inventoryText.replace('data: /data', 'data: /data, unit: postgresql');
    const problems = new Problems();
    const facts = systemFacts(parseInventory('inventory.yaml', text, problems)!.data, 'orders');
    assert.deepEqual(facts?.postgres?.service['site-b'], {
      start: ['systemctl', 'start', 'postgresql'],
      stop: ['systemctl', 'stop', 'postgresql'],
      enabled: ['systemctl', 'is-enabled', 'postgresql'],
    });
    assert.deepEqual(facts.probe, { url: 'http://127.0.0.1:9000', every: 100, good: 5 });
  });
});

/** Paths of the fields without a description. */
function undescribed(schema: JsonSchema, path: string[]): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined ? [[...path, name].join('.')] : []),
    ...undescribed(field, [...path, name]),
  ]);
  const others = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...[schema.items, schema.additionalProperties].filter((one) => typeof one === 'object'),
  ];
  return [...inner, ...others.flatMap((other) => undescribed(other, [...path, '*']))];
}
