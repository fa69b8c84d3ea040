import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from '../../lab/installed.ts';
import { tools } from '../../lab/tools.ts';
import { environment } from '../../lab/venv.ts';

describe('the tools of the lab', () => {
  const before = { PATH: process.env['PATH'], LIFEBOAT_CACHE: process.env['LIFEBOAT_CACHE'] };
  let folder: string;
  const script = (name: string, text: string): void => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });

  it('are there and run', async () => {
    const { temporal, postgres, python } = await tools();
    assert.match(execFileSync(temporal, ['--version'], { encoding: 'utf8' }), /^temporal version 1\.\d+/);
    assert.match(execFileSync(join(postgres, 'postgres'), ['--version'], { encoding: 'utf8' }), /\(PostgreSQL\) (1[5-9]|[2-9]\d)/);
    for (const name of ['initdb', 'pg_basebackup', 'pg_controldata', 'pg_rewind']) assert.ok(existsSync(join(postgres, name)), name);
    execFileSync(python, ['-c', 'import sushy_tools, bcrypt']);
  });

  it('says what to install where there is no Python', async () => {
    process.env['LIFEBOAT_CACHE'] = join(folder, 'cache');
    process.env['PATH'] = join(folder, 'bin');
    await assert.rejects(
      environment(['nothing'], () => {}),
      /There is no python3 on the path/,
    );
  });

  it('says what to install where Python cannot make an environment, and leaves nothing half-made', async () => {
    process.env['LIFEBOAT_CACHE'] = join(folder, 'cache');
    script('python3', 'echo "ensurepip is not available" >&2; exit 1');
    process.env['PATH'] = `${join(folder, 'bin')}:${before.PATH}`;
    await assert.rejects(
      environment(['nothing'], () => {}),
      /apt-get install python3-venv\. It said: ensurepip is not available/,
    );
    assert.deepEqual(readdirSync(join(folder, 'cache')), []);
  });

  it('says what could not be fetched, and what pip said', async () => {
    process.env['LIFEBOAT_CACHE'] = join(folder, 'cache');
    script(
      'python3',
      'mkdir -p "$3/bin"; printf "#!/bin/sh\\necho ERROR: no route to index >&2; exit 1" > "$3/bin/python"; chmod +x "$3/bin/python"',
    );
    process.env['PATH'] = `${join(folder, 'bin')}:${before.PATH}`;
    await assert.rejects(
      environment(['some-tool==1'], () => {}),
      /some-tool==1 could not be fetched .* It said: ERROR: no route to index/,
    );
    assert.deepEqual(readdirSync(join(folder, 'cache')), []);
  });

  it('is made once by two at the same time, and again where it is only half there', async () => {
    process.env['LIFEBOAT_CACHE'] = join(folder, 'cache');
    script('python3', `mkdir -p "$3/bin"; ln -s ${onPath('true')} "$3/bin/python"`);
    process.env['PATH'] = `${join(folder, 'bin')}:${before.PATH}`;
    const [one, two] = await Promise.all([environment(['a'], () => {}), environment(['a'], () => {})]);
    assert.equal(one, two);
    assert.deepEqual(readdirSync(join(folder, 'cache')).length, 1);
    rmSync(join(one, 'whole'));
    symlinkSync('/nowhere', join(one, 'left-behind'));
    assert.equal(await environment(['a'], () => {}), one);
    assert.equal(existsSync(join(one, 'whole')), true);
    assert.deepEqual(readdirSync(one).sort(), ['bin', 'whole']);
  });
});
