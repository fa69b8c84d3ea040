import type { HostFacts } from '../../plan/plan.ts';
import { stop } from './job-acts.ts';
import { jobPlace } from './job-place.ts';
import { run } from './run.ts';
import { basename, dirname } from 'node:path';

interface Options {
  readonly signal: AbortSignal;
  readonly viewpoint: string;
}

/** Ends every job of a run and step on a host, and what it started: what has ended is left as it is. @param key of that run and step. */
export async function stopJobsOf(host: HostFacts, key: string, { signal, viewpoint }: Options): Promise<void> {
  const any = jobPlace(host, key, '');
  const there = ['find', dirname(any.folder), '-mindepth', '1', '-maxdepth', '1', '-name', `${any.unit}*`];
  const { stdout } = await run(host, there, { deadline: 10_000, signal, viewpoint });
  for (const folder of stdout.split('\n').filter(Boolean)) {
    const unit = basename(folder);
    await stop({ ...any, folder, unit }, viewpoint);
  }
}
