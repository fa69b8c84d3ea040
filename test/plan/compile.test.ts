import assert from 'node:assert/strict';
import { canonical, digestOf } from '../../plan/canonical.ts';
import { compile } from '../../plan/compile.ts';
import { largestPage } from '../../plan/lint/limits.ts';
import { paginate } from '../../plan/paginate.ts';
import { PlanError } from '../../plan/problem.ts';
import type { Gate } from '../../plan/plan.ts';
import { fence, gate, head, inventory, plan, promote, quiesce, refused, rows, runbook, stepOf, whole } from './sample.ts';
import { types } from './types.ts';

describe('compiling', () => {
  it('looks names up for the direction in which the system moves', () => {
    const [there, back] = [plan(), plan(whole, { source: 'site-b' })];
    assert.deepEqual(stepOf(there, 'quiesce').action.with, { host: 'a-db', standby: 'b-db' });
    assert.deepEqual(stepOf(back, 'quiesce').action.with, { host: 'b-db', standby: 'a-db' });
    assert.deepEqual([there.source, there.target], [{ site: 'site-a' }, { site: 'site-b' }]);
    assert.notEqual(there.digest, back.digest);
  });

  it('carries a step out where its host is, and a fence at the target', () => {
    const made = plan();
    assert.deepEqual(
      ['fence', 'quiesce', 'promote'].map((id) => stepOf(made, id).action.at),
      ['site-b', 'site-a', 'site-b'],
    );
    const elsewhere = plan(
      `${whole}  - { id: a, uses: test.wait }\n  - { id: b, uses: test.wait, at: "\${{ source.site }}", only: planned }\n`,
    );
    assert.deepEqual([stepOf(elsewhere, 'a').action.at, stepOf(elsewhere, 'b').action.at], ['site-b', 'site-a']);
  });

  it('embeds the facts of the hosts that a step names', () => {
    const { hosts } = stepOf(plan(), 'quiesce').action;
    assert.deepEqual(Object.keys(hosts), ['a-db', 'b-db']);
    assert.equal(hosts['a-db']?.power?.driver, 'redfish');
    assert.equal(hosts['b-db']?.witness?.port, 22);
  });

  it('hands proofs over from all steps that lead there, whatever the mode', () => {
    assert.deepEqual(stepOf(plan(), 'promote').proofs, ['fence', 'quiesce']);
    assert.deepEqual(stepOf(plan(), 'rows').proofs, []);
    const later = fence.replace('id: fence', 'id: again').replace('[ok]', '[promote]');
    assert.deepEqual(stepOf(plan(whole + later), 'promote').proofs, ['fence', 'quiesce']);
  });

  it('gives both modes and their longest remaining paths', () => {
    const made = plan();
    assert.deepEqual(
      made.steps.map(({ id, only, remaining }) => [id, only, remaining]),
      [
        ['ok', undefined, 1_250],
        ['fence', 'unplanned', 1_050],
        ['quiesce', 'planned', 1_250],
        ['promote', undefined, 450],
        ['rows', undefined, 50],
      ],
    );
  });

  it('keeps what only the run knows as references', () => {
    const steps = `  - { id: facts, uses: postgres.check, with: { host: b-db } }\n  - { id: a, uses: test.wait, needs: [facts], with: { text: "lag \${{ steps.facts.outputs.lag }} at \${{ target.site }}", count: "\${{ steps.facts.outputs.lag }}" } }\n`;
    assert.deepEqual(stepOf(plan(steps), 'a').action.with, {
      text: { $text: ['lag ', { $ref: ['steps', 'facts', 'outputs', 'lag'] }, ' at site-b'] },
      count: { $ref: ['steps', 'facts', 'outputs', 'lag'] },
    });
  });

  it('says what people are asked, with the input filled in', () => {
    const made = plan(whole.replace('needs: [ok], with', 'needs: [ok], approvers: [dbas], else: [fence.manual], with'));
    assert.deepEqual(stepOf(made, 'fence').else[0]?.asks, { question: 'Is a-db off?', people: 2, approvers: ['dbas'] });
    const late = plan(
      '  - { id: a, uses: test.wait }\n  - { id: b, uses: manual.task, needs: [a], with: { task: "Look at ${{ steps.a.outputs.text }}" } }\n',
    );
    assert.deepEqual(stepOf(late, 'b').action.asks?.question, { $text: ['Do: Look at ', { $ref: ['steps', 'a', 'outputs', 'text'] }] });
    assert.deepEqual(stepOf(late, 'b').action.asks?.approvers, ['dr-leads', 'dbas']);
  });

  it('gives another way those fields of the input that its type knows', () => {
    const made = plan(whole.replace('needs: [ok], with: {', 'needs: [ok], else: [fence.manual], with: { force: true,'));
    assert.deepEqual(stepOf(made, 'fence').action.with, { force: true, host: 'a-db' });
    assert.deepEqual(stepOf(made, 'fence').else[0]?.with, { host: 'a-db' });
  });

  it('resolves gates', () => {
    const text =
      '  - { id: facts, uses: postgres.check, with: { host: b-db } }\n' +
      '  - { id: g, gate: "From ${{ source.site }}", needs: [facts], show: ["${{ steps.facts.outputs.lag }}", "${{ run.data-at-risk }}", "Link: ${{ run.link }}", plain], limit: 1 MB, expires: 15 minutes, on-expiry: { escalate: dbas, expires: 1 hour, then: abort } }\n';
    const made = plan(text).steps[1] as Gate;
    assert.equal(made.title, 'From site-a');
    assert.deepEqual(made.show, [
      { label: 'lag (facts)', value: { $ref: ['steps', 'facts', 'outputs', 'lag'] } },
      { label: 'Data at risk', value: { $ref: ['run', 'data-at-risk'] } },
      { label: 'Link', value: { $ref: ['run', 'link'] } },
      { label: 'Note', value: 'plain' },
    ]);
    assert.deepEqual(
      [made.limit, made.expires, made.onExpiry, made.count, made.line],
      [1e6, 900_000, { escalate: 'dbas', expires: 3_600_000, then: 'abort' }, 1, 7],
    );
  });

  it('takes parameters, with their types, and what a command line gives as text', () => {
    const before = `${head}parameters:\n  n: { type: number, description: N., default: 1 }\n  yes: { type: boolean, description: Y., required: true }\n  who: { type: string, description: W., default: nobody }\n`;
    const steps =
      '  - { id: a, uses: test.wait, if: "${{ parameters.yes }}", with: { count: "${{ parameters.n }}", text: "${{ parameters.who }}" } }\n';
    const made = plan(steps, { before, parameters: { n: '7', yes: 'true', who: '${{ steps.a.outputs.text }}' } });
    assert.deepEqual(made.parameters, { n: 7, yes: true, who: '${{ steps.a.outputs.text }}' });
    assert.deepEqual(stepOf(made, 'a').action.with, { count: 7, text: '${{ steps.a.outputs.text }}' });
    assert.deepEqual(stepOf(made, 'a').if, { $ref: ['parameters', 'yes'] });
    assert.deepEqual(refused(steps, before), []);
    assert.throws(() => plan(steps, { before }), /the parameter "yes" must be given/);
    assert.throws(() => plan(steps, { before, parameters: { yes: true, n: 'many' } }), /the parameter "n" must be a number, not "many"/);
    assert.throws(() => plan(steps, { before, parameters: { yes: true, nn: 1 } }), /"nn" is not a parameter of r — did you mean "n"\?/);
  });

  it('throws all problems at once, in the order of the file', () => {
    assert.throws(
      () => plan('  - { id: a, uses: nothing }\n  - { id: b, uses: test.wait, needs: [c] }\n'),
      (error) =>
        error instanceof PlanError && error.problems.length === 2 && error.problems[0]!.line === 6 && error.problems[1]!.line === 7,
    );
    assert.throws(
      () => compile({ runbook: runbook(whole), inventory: inventory(), types, source: 'site-a', target: 'site-a' }),
      /to itself moves nothing/,
    );
    assert.throws(
      () => compile({ runbook: runbook(whole), inventory: inventory(), types, source: 'site-a', target: 'site-x' }),
      /the target "site-x" is no site/,
    );
  });

  it('takes a step type’s timeout and retries unless the runbook says otherwise', () => {
    const { action } = stepOf(plan(rows.replace('needs: [promote], ', 'timeout: 5 seconds, retry: { times: 3 }, ')), 'rows');
    assert.deepEqual([action.timeout, action.retry], [5_000, { times: 3, wait: 1_000 }]);
    assert.deepEqual([stepOf(plan(), 'rows').action.timeout, stepOf(plan(), 'rows').action.retry], [30_000, { times: 0, wait: 0 }]);
  });
});

describe('the digest', () => {
  it('is the same for the same input, and follows every change', () => {
    const { digest } = plan();
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.equal(plan().digest, digest);
    assert.notEqual(plan(gate + fence + quiesce + promote + rows.replace('rows', 'rows2')).digest, digest);
    assert.notEqual(plan(whole, { revision: 'abc+' }).digest, digest);
  });

  it('covers the header and the pages, and knows no mode', () => {
    const { digest, steps, ...header } = plan();
    assert.equal(digestOf(header), digest);
    assert.deepEqual(header.pages, [digestOf(steps)]);
    assert.equal('mode' in header, false);
  });

  it('does not depend on the order of keys', () => {
    assert.equal(canonical({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}');
  });
});

describe('the limits of a run', () => {
  it('are kept by pages of at most 256 KiB, which lose no step', () => {
    const long = Array.from(
      { length: 20 },
      (_, index) => `  - { id: s${index}, uses: test.wait, with: { text: ${'é'.repeat(20_000)} } }\n`,
    ).join('');
    const made = plan(long);
    const pages = paginate(made.steps);
    assert.ok(pages.length > 1);
    assert.deepEqual(pages.flat(), made.steps);
    for (const page of pages) assert.ok(Buffer.byteLength(JSON.stringify(page)) <= largestPage);
    assert.deepEqual(
      made.pages,
      pages.map((page) => digestOf(page)),
    );
  });

  it('refuse an input over 128 KiB', () => {
    assert.match(
      refused(`  - { id: a, uses: test.wait, with: { text: ${'x'.repeat(140_000)} } }\n`).join('\n'),
      /the input of "a" is larger than 128 KiB/,
    );
  });

  it('refuse more than 2,000 steps', () => {
    const steps = Array.from({ length: 2_001 }, (_, index) => `  - { id: s${index}, uses: test.wait }\n`).join('');
    assert.deepEqual(refused(steps), ['r.yaml:2006:5: a runbook of 2001 steps outgrows one run — split it: at most 2000 steps']);
  });
});

describe('a runbook of 1,000 steps', () => {
  it('compiles and lints, every step in its place', () => {
    const steps = Array.from({ length: 995 }, (_, index) => {
      const needs = index === 0 ? 'rows' : index === 1 ? 's0' : `s${index - 1}, s${Math.floor(index / 2)}`;
      return `  - { id: s${index}, uses: test.wait, needs: [${[...new Set(needs.split(', '))].join(', ')}]${index === 0 ? '' : `, with: { text: "\${{ steps.s${index - 1}.outputs.text }}" }`} }\n`;
    }).join('');
    const begun = performance.now();
    assert.deepEqual(refused(whole + steps), []);
    const linted = performance.now();
    const made = plan(whole + steps);
    console.log(
      `      linted in ${Math.round(linted - begun)} ms, compiled in ${Math.round(performance.now() - linted)} ms, each with reading it`,
    );
    assert.equal(made.steps.length, 1_000);
    assert.equal(made.steps[0]!.remaining, 1_250 + 995 * 10);
    assert.deepEqual(made.steps[999]!.needs, ['s993', 's497']);
    assert.deepEqual(stepOf(made, 's994').action.with, { text: { $ref: ['steps', 's993', 'outputs', 'text'] } });
    assert.equal(made.steps[999]!.line, 1_005);
  });
});
