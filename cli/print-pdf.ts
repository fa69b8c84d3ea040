import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exit } from './exit.ts';
import { Failure } from './failure.ts';

/** Chromium by the names under which it is installed. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
/** For the whole of it, milliseconds. */
const patience = 60_000;

/** A page as a PDF, by a Chromium of this machine. Throws where there is none, or it prints nothing. */
export async function printPdf(html: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-print-'));
  try {
    const [page, printed] = [join(folder, 'page.html'), join(folder, 'page.pdf')];
    await writeFile(page, html);
    const flags = [
      '--headless',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
      '--no-pdf-header-footer',
      `--user-data-dir=${join(folder, 'profile')}`,
      // Chromium has no sandbox for root; the page is our own and runs nothing.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--print-to-pdf=${printed}`,
      pathToFileURL(page).href,
    ];
    const own = process.env['LIFEBOAT_CHROMIUM'];
    for (const program of own === undefined ? names : [own]) {
      const said = await ran(program, flags);
      if (said === null) continue;
      const pdf = await readFile(printed).catch(() => null);
      if (pdf !== null && pdf.length > 0) return pdf;
      throw new Failure(
        exit.otherwise,
        `${program} printed nothing: ${said.trim().slice(-300)}`,
        'Write the page with --out, and print it in a browser.',
      );
    }
    throw new Failure(
      exit.otherwise,
      `There is no Chromium here to print with (${own ?? names.join(', ')}).`,
      'Install one, or name it in LIFEBOAT_CHROMIUM; or write the page with --out, and print it in a browser.',
    );
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What it said; null: there is no such program. */
function ran(program: string, flags: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'pipe'], timeout: patience, killSignal: 'SIGKILL' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', () => resolve(null));
    child.on('close', () => resolve(said));
  });
}
