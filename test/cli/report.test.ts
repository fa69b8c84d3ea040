import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../lab/venv.ts';
import { missingBrowser } from '../e2e/browser.ts';
import { lifeboat, root } from './call.ts';
import { pdfPackages } from './pdf-packages.ts';

const text = 'import sys, pypdf; print("\\n".join(page.extract_text() for page in pypdf.PdfReader(sys.argv[1]).pages))';

describe('lifeboat report', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-report-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const history = ['report', '--history', join(root, 'test/fixtures/histories/approved.json')];

  it('prints the report as a PDF, which another reader finds whole', async function () {
    const missing = missingBrowser();
    if (missing !== null) {
      console.warn(`SKIPPED, no report is printed: ${missing}`);
      this.skip();
    }
    const file = join(folder, 'report.pdf');
    const { code, out, err } = await lifeboat([...history, '--pdf', file]);
    assert.deepEqual([code, out, err], [0, `${file}\n`, '']);
    const python = join(await environment(pdfPackages, () => undefined), 'bin/python');
    const printed = execFileSync(python, ['-c', text, file], { encoding: 'utf8' }).replaceAll(/\s+/gu, ' ');
    for (const said of [
      /play1 was recovered at site-b, and has no standby/u,
      /cut-over/u,
      /alice/u,
      /play1 has no standby since this run/u,
    ])
      assert.match(printed, said);
    assert.deepEqual(readdirSync(folder), ['report.pdf']);
  });

  it('leaves what was printed before as it is where it cannot print, and says what to do', async () => {
    const file = join(folder, 'kept.pdf');
    writeFileSync(file, 'of last month');
    const none = await lifeboat([...history, '--pdf', file], { LIFEBOAT_CHROMIUM: '/nonexistent/chromium' });
    assert.match(none.err, /There is no Chromium here .*\/nonexistent\/chromium.*\n.*--out/u);
    const dumb = await lifeboat([...history, '--pdf', file], { LIFEBOAT_CHROMIUM: '/bin/true' });
    assert.match(dumb.err, /\/bin\/true printed nothing/u);
    assert.deepEqual([none.code, dumb.code, readFileSync(file, 'utf8')], [1, 1, 'of last month']);
  });

  it('names a folder that is not there', async () => {
    const { code, err } = await lifeboat([...history, '--out', join(folder, 'nowhere', 'report.html')]);
    assert.equal(code, 2);
    assert.match(err, /nowhere\/report\.html cannot be written \(ENOENT\)\.\n.*folder that is there/u);
    assert.equal(existsSync(join(folder, 'nowhere')), false);
  });
});
