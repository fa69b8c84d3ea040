import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

/** Debian's package, unless `LIFEBOAT_CHROMIUM` names another program. */
const executable = process.env['LIFEBOAT_CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const size = { width: 1440, height: 900 };

/** Why no browser can be driven here; null where one can. */
export const missingBrowser = (): string | null =>
  existsSync(executable)
    ? null
    : `there is no ${executable}: install the Debian package chromium, or name the program in LIFEBOAT_CHROMIUM`;

/** A headless Chromium that knows nothing, and one page in it. */
export class Browser {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #profile: string;
  readonly #pictures: string;

  private constructor(context: BrowserContext, page: Page, profile: string, pictures: string) {
    this.#context = context;
    this.page = page;
    this.#profile = profile;
    this.#pictures = pictures;
  }

  /** Pictures go to the folder that `LIFEBOAT_PICTURES` names, else to one that goes with the browser. */
  static async open(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'lifeboat-browser-'));
    const pictures = process.env['LIFEBOAT_PICTURES'] ?? join(profile, 'pictures');
    await mkdir(pictures, { recursive: true });
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: true,
      args: flags,
      viewport: size,
      timezoneId: 'UTC',
      locale: 'en-GB',
    });
    context.setDefaultTimeout(30_000);
    return new Browser(context, context.pages()[0] ?? (await context.newPage()), profile, pictures);
  }

  /** Takes a picture of what a person sees; `height` for one with a taller screen, pixels. A change of size closes what hangs open. */
  async picture(name: string, height?: number): Promise<void> {
    if (height !== undefined) await this.page.setViewportSize({ ...size, height });
    await this.page.screenshot({ path: join(this.#pictures, `${name}.png`), animations: 'disabled' });
    if (height !== undefined) await this.page.setViewportSize(size);
  }

  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
