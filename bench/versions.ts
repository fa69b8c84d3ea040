import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { tools } from '../lab/tools.ts';

/** What the figures were measured with. */
export async function versions(): Promise<string> {
  const { temporal, postgres } = await tools();
  const said = (program: string): string => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  const processors = cpus();
  return [
    said(temporal),
    said(join(postgres, 'postgres')),
    `Node ${process.version}`,
    `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
  ].join('; ');
}
