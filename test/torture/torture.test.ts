import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { needsFullLab } from '../full/can-stand.ts';

const rounds = process.env['LIFEBOAT_TEST_DEEP'] ? 200 : 20;

describe('a series of failovers with faults at random moments', function () {
  this.timeout(rounds * 60_000);
  before(function () {
    needsFullLab(this);
  });

  it(`of ${rounds} rounds has no two primaries, no row lost that was not reported, and no run that hangs`, async () => {
    const { code, out } = await torture('--seed', '2026', '--count', String(rounds));
    console.log(out);
    assert.equal(code, 0, 'see above');
    assert.match(out, new RegExp(`seed 2026: ${rounds} rounds, .* 0 violations`, 'u'));
  });

  it('fails where a fence lies', async () => {
    const { code, out } = await torture('--seed', '2026', '--count', '12', '--break');
    assert.equal(code, 1, out);
    assert.match(out, /VIOLATION: .*two primaries/u);
  });
});

function torture(...words: string[]): Promise<{ code: number | null; out: string }> {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import=tsx', program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}
