import assert from 'node:assert/strict';
import { z } from 'zod';
import { step } from '../../activities/step.ts';
import { lint } from '../../plan/lint.ts';
import { printProblem } from '../../plan/problem.ts';
import { inventory, runbook } from './sample.ts';
import { types } from './types.ts';

const leaning = (name: string, leansOn?: string) =>
  step({
    name,
    summary: 'A type.',
    effect: 'change',
    ...(leansOn === undefined ? {} : { leansOn }),
    expected: 1,
    timeout: '1 minute',
    input: z.object({ site: z.string().meta({ description: 'Site.', lifeboat: 'site' }) }),
    output: z.object({}),
    example: { site: 'west' },
    permissions: ['None.'],
    preflight: async () => [],
    execute: async () => undefined,
    verify: async () => ({ outputs: {}, evidence: [] }),
    rehearse: { none: 'Nothing.' },
    undo: async () => [],
  });
const all = [...types, leaning('route53.shift', 'us-east-1'), leaning('route53.switch')];
const at = (source: string) => `
sites:
  east: { kind: aws, region: ${source} }
  west: { kind: aws, region: us-west-2 }
people: { dr-leads: [alice@example.com] }
hosts: {}
systems:
  shop: { resources: { east: { web: i-1 }, west: { web: i-2 } } }
`;
const head = 'runbook: r\nkind: failover\nsystem: shop\ndescription: Moves shop.\n';
const shift = (more = '', uses = 'route53.shift') => `  - { id: shift, uses: ${uses}, with: { site: "\${{ target.site }}" }${more} }\n`;
const refused = (steps: string, source = 'us-east-1', before = head): string[] =>
  lint({ runbook: runbook(steps, before), inventory: inventory(at(source)), types: all })
    .problems.map(printProblem)
    .filter((line) => line.includes('control plane'));

describe('An AWS site that is reached at another endpoint', () => {
  const warned = (endpoint: string): string => {
    const text = at(`us-east-1, endpoint: "${endpoint}"`);
    return lint({ runbook: runbook(shift('', 'route53.switch')), inventory: inventory(text), types: all })
      .warnings.map(printProblem)
      .join('\n');
  };

  it('is said not to be AWS itself', () =>
    assert.match(warned('http://127.0.0.1:4566'), /inventory\.yaml:3:\d+: AWS at east is http:\/\/127\.0\.0\.1:4566, and not AWS itself/u));
  it('is AWS where the endpoint is one of its own', () =>
    assert.doesNotMatch(warned('https://vpce-1.ec2.us-east-1.vpce.amazonaws.com'), /not AWS itself/u));
});

describe('A step that needs the control plane of a region', () => {
  it('is refused where that region may be what is lost, with the way out', () => {
    const [problem, ...others] = refused(shift());
    assert.match(
      problem!,
      /"shift" \(route53\.shift\) needs the control plane of us-east-1, which is lost with "east" when the run is unplanned — add `only: planned`, or use route53\.switch/u,
    );
    assert.deepEqual(others, []);
  });

  for (const [what, lines] of [
    ['in a planned run', () => refused(shift(', only: planned'))],
    ['where neither site is in that region', () => refused(shift(), 'eu-west-1')],
    ['in a failback, which is always planned', () => refused(shift(), 'us-east-1', head.replace('failover', 'failback'))],
    ['where another way does without it', () => refused(shift(', else: [{ uses: route53.switch, with: { site: "${{ target.site }}" } }]'))],
    ['by its form without the control plane', () => refused(shift('', 'route53.switch'))],
  ] as const)
    it(`may be taken ${what}`, () => {
      assert.deepEqual(lines(), []);
    });
});
