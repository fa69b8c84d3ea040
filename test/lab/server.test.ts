import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../lab/process.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools, type Tools } from '../../lab/tools.ts';
import { hear } from './estate.ts';

describe('the Temporal server of the lab', () => {
  let found: Tools;
  let folder: string;
  let server: Server | undefined;
  before(async () => {
    found = await tools();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
  });
  afterEach(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true });
  });
  const temporal = (...args: string[]): string =>
    execFileSync(found.temporal, [...args, '--address', server!.address, '--disable-config-file'], { encoding: 'utf8', timeout: 20_000 });

  it('answers as soon as it is started, with its UI, on loopback only', async () => {
    server = await startServer({ folder, tools: found });
    assert.match(temporal('operator', 'namespace', 'describe', 'default'), /default/);
    assert.equal((await fetch(server.ui)).status, 200);
    assert.match(server.address, /^127\.0\.0\.1:/);
  });

  it('goes on with its file and ports after it was killed', async () => {
    const first = (server = await startServer({ folder, tools: found, ui: false }));
    temporal('workflow', 'start', '--type', 'x', '--task-queue', 'q', '--workflow-id', 'survivor');
    await first.kill();
    assert.equal(identify(first.pid), null);
    assert.equal(await hear(first.port), 'refused');
    server = await startServer({ folder, tools: found, port: first.port, uiPort: first.uiPort, ui: false });
    assert.equal(server.address, first.address);
    assert.match(temporal('workflow', 'describe', '--workflow-id', 'survivor'), /survivor/);
    await server.stop();
    assert.equal(identify(server.pid), null);
  });

  it('says why it did not start', async () => {
    server = await startServer({ folder, tools: found, ui: false });
    const port = server.port;
    const broken = { temporal: '/bin/false' };
    await assert.rejects(
      startServer({ folder: join(folder, 'other'), tools: broken }),
      /The Temporal server ended on port \d+\. See .*temporal\.log/,
    );
    await assert.rejects(startServer({ folder: join(folder, 'other'), tools: found, port, ui: false }), /Port \d+ is taken/);
  });
});
