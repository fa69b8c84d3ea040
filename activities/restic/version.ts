import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import type { Repository } from './repository.ts';

/** The release of restic on the repository's host. Throws where there is none, or one that cannot copy between repositories. */
export async function resticVersion({ host, as }: Repository, context: StepContext): Promise<string> {
  const options = { deadline: 10_000, signal: context.signal, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  const answer = await run(context.host(host), ['restic', 'version'], options);
  const [, version = '', major = '0', minor = '0'] = /^restic ((\d+)\.(\d+)\S*)/.exec(answer.stdout) ?? [];
  if (Number(major) > 0 || Number(minor) >= 14) return version;
  const found = version ? `is ${version}` : `does not say its release (${answer.stderr.trim().slice(0, 200)})`;
  throw new StepError('restic-release', `restic on ${host} ${found}: 0.14 or newer is needed.`, 'person');
}
