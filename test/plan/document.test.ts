import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFolder } from '../../plan/load.ts';
import { printProblem } from '../../plan/problem.ts';
import { broken, head } from './sample.ts';

describe('reading YAML', () => {
  const cases: [what: string, text: string, expected: RegExp][] = [
    ['broken YAML', 'runbook: "x\n', /^r\.yaml:\d+:\d+: not valid YAML: Missing closing "quote/],
    ['a key written twice', 'runbook: a\nrunbook: b\n', /^r\.yaml:2:1: the key "runbook" is written twice in one map — keep one/],
    ['a tab', 'steps:\n\t- x\n', /^r\.yaml:2:1: a tab is used for indentation — indent with spaces/],
    ['an empty file', '# nothing\n', /^r\.yaml:1:1: the file is empty/],
    ['two documents', 'a: 1\n---\nb: 2\n', /more than one YAML document/],
    ['a tag', 'runbook: !!js/function f\n', /^r\.yaml:1:10: YAML tags are not supported/],
    ['a key of JavaScript', `${head}__proto__: { polluted: true }\n`, /^r\.yaml:5:1: "__proto__" cannot be a key/],
    ['another key of JavaScript', `${head}steps: [{ constructor: 1 }]\n`, /^r\.yaml:5:11: "constructor" cannot be a key/],
    ['a number that JSON cannot hold', 'a: 12345678901234567890\n', /cannot be held exactly — quote it/],
    ['an alias inside what it repeats', 'a: &a [*a]\n', /"\*a" stands inside what it repeats/],
    [
      'unquoted references in braces',
      'a: 1\nwith: { host: ${{ target.site }} }\n',
      /^r\.yaml:2:15: "\$\{\{" inside braces or brackets is not valid YAML — quote it: "\$\{\{ … \}\}"$/,
    ],
    ['unquoted references in brackets', 'show: [${{ run.link }}]\n', /^r\.yaml:1:8: .* — quote it/],
  ];
  for (const [what, text, expected] of cases)
    it(`says where there is ${what}`, () => {
      const [first = ''] = broken(text);
      assert.match(first, expected);
    });

  it('says once what is wrong with an unquoted reference, not what broke behind it', () => {
    assert.equal(broken(`${head}steps:\n  - id: a\n    with: { host: \${{ target.postgres.host }}, role: standby }\n`).length, 1);
  });

  it('leaves references in quotes and outside braces alone', () => {
    const problems = broken(
      `${head}steps:\n  - { id: a, uses: x, with: { host: "\${{ target.site }}" } }\n  - id: b\n    gate: From \${{ source.site }} to \${{ target.site }}\n`,
    );
    assert.deepEqual(problems, []);
  });

  it('refuses an alias bomb', () => {
    const levels = 'bcdefghij'.split('').map((name, level) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[level]}`).join(',')}]`);
    const [first = ''] = broken(`a: &a [x,x,x,x,x,x,x,x,x]\n${levels.join('\n')}\n`);
    assert.match(first, /alias bomb/);
  });

  it('refuses endless nesting, in brackets and in lines', () => {
    assert.match(broken('['.repeat(300_000))[0] ?? '', /nested too deeply/);
    assert.match(
      broken(Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'))[0] ?? '',
      /^r\.yaml:25:25: nested too deeply/,
    );
  });

  it('refuses a file of 5 MB without reading it all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-plan-'));
    try {
      await writeFile(join(folder, 'inventory.yaml'), 'sites: {}\n# '.padEnd(5_000_000, 'x'));
      await writeFile(join(folder, 'text.yaml'), Buffer.from([0xff, 0xfe, 0x41]));
      const { inventory, problems } = await loadFolder(folder);
      assert.equal(inventory, undefined);
      assert.match(
        problems.map(printProblem).join('\n'),
        /^inventory\.yaml:1:1: the file is larger than 1 MiB — .+\ntext\.yaml:1:1: the file is not UTF-8 text/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('never says more than a person would read', () => {
    assert.equal(broken('x:\n'.repeat(20_000)).length, 500);
  });
});
