import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Called {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The environment of a command that a test calls: nothing of the person's own Temporal or Lifeboat settings. */
export function plainEnvironment(more: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|LIFEBOAT)_/.test(name));
  return { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml', ...more };
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
export const argv = (args: readonly string[]): string[] => ['--import', tsx, main, ...args];

/** Runs `lifeboat` with these arguments, as a process of its own. `hear` is told all it has printed so far, each time it prints. */
export function lifeboat(
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
  cwd = root,
  hear: (out: string) => void = () => undefined,
): Promise<Called> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv(args), { cwd, env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => hear((out += text)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** What a command printed with `--json`. */
// oxlint-disable-next-line typescript/no-explicit-any -- each command prints a shape of its own
export const json = (called: Called): any => JSON.parse(called.out);
