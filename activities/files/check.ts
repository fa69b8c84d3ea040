import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { job } from '../host/job.ts';
import { run } from '../host/run.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { said } from '../tool/spawn.ts';

/** What hashing everything may take, milliseconds. */
const within = 12 * 60 * 60 * 1_000;
const absolute = /^\/[^\0]*$/;

const input = z.object({
  host: hostName('The host whose files are checked, by its name in the inventory.'),
  manifest: z
    .string()
    .regex(absolute, 'an absolute path')
    .describe('Path of the manifest on that host: a list as sha256sum prints it, or a manifest that a backup made.'),
  root: z
    .string()
    .regex(absolute, 'an absolute path')
    .default('/')
    .describe('Directory from which the names in the manifest are seen; those of a sha256sum list may be absolute too.'),
  as: z.string().min(1).optional().describe('Operating-system user who may read the files. Default: the one who logs in.'),
});
const output = z.object({
  files: z.number().describe('Files that are exactly as the manifest says, a number.'),
  manifest: z.string().describe('SHA-256 of the manifest itself, hexadecimal.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'files.check',
  summary: 'Holds the files on a host to the SHA-256 checksums of a manifest.',
  effect: 'read',
  expected: 10_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '5 seconds' },
  input,
  output,
  example: { host: 'b-app', manifest: '/etc/orders/documents.sha256', root: '/srv/orders/documents' },
  permissions: ['Reading the manifest and the files on the host, and running sha256sum, sed, sort and comm there.'],

  async preflight({ host, manifest, as }, context) {
    const { signal, viewpoint } = context;
    const answer = await run(context.host(host), ['wc', '-c', '--', manifest], { deadline: 5_000, signal, viewpoint, ...(as && { as }) });
    if (answer.code !== 0) throw missing(host, manifest, said(answer));
    return [`The manifest ${manifest} on ${host} has ${Number.parseInt(answer.stdout, 10)} bytes.`];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: check,
  rehearse: check,
  undo: { none: 'It only reads.' },
});

async function check({ host, manifest, root, as }: Input, context: StepContext): Promise<Outcome<Output>> {
  const argv = ['sh', '-c', script, 'sh', root, manifest];
  const answer = await job(host, { name: 'check', argv, within, again: 'always', ...(as && { as }) }, context);
  const [head = '', ...first] = answer.stdout.trimEnd().split('\n');
  const [, all, bad, digest = ''] = /^(\d+) (\d+) ([0-9a-f]{64})$/.exec(head) ?? [];
  if (answer.code === unread) throw missing(host, manifest, said(answer));
  if (answer.code !== 0 || all === undefined)
    throw new StepError('not-compared', `The files on ${host} could not be held to ${manifest}: ${said(answer)}`);
  const files = Number(all) - Number(bad);
  if (files === 0 && Number(bad) === 0)
    throw new StepError('nothing-compared', `${manifest} on ${host} names no file, so nothing was compared: is it a manifest?`, 'person');
  if (Number(bad) > 0) {
    throw new StepError(
      'files-differ',
      `${bad} of ${all} files on ${host} are not as ${manifest} says: ${first.join(', ')}${first.length < Number(bad) ? ', …' : ''}.`,
      'person',
    );
  }
  return {
    outputs: { files, manifest: digest },
    evidence: [`${files} files on ${host} have the SHA-256 that ${manifest} gives (itself ${digest.slice(0, 16)}…).`],
  };
}

const unread = 44;

function missing(host: string, manifest: string, why: string): StepError {
  return new StepError('manifest-missing', `The manifest ${manifest} on ${host} cannot be read: ${why}`, 'person');
}

/** A backup's manifest holds records ended by NUL, sorted, among them `s SHA-256<tab>NAME`. */
const script = `
set -eu
export LC_ALL=C
umask 077
cd "$1"
list=$2
[ -r "$list" ] || { echo 'it is not there, or may not be read' >&2; exit ${unread}; }
digest=$(sha256sum < "$list")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if head -c 65 "$list" | grep -Eq '^\\\\?[0-9a-f]{64}'; then
  all=$(grep -Ec '^\\\\?[0-9a-f]{64} [ *]' "$list" || :)
  lines=$(grep -c . "$list" || :)
  [ "$all" = "$lines" ] || { echo "$((lines - all)) lines are no checksums" >&2; exit ${unread}; }
  sha256sum --check --quiet -- "$list" > "$scratch/bad" 2> /dev/null || :
else
  grep -z '^s ' "$list" > "$scratch/saved" || :
  all=$(grep -zc '' "$scratch/saved" || :)
  sed -z 's/^[^\\t]*\\t//' "$scratch/saved" | xargs -0 -r sha256sum -z -- 2> /dev/null | sed -z 's/^\\([0-9a-f]*\\)  /s \\1\\t/' | sort -z > "$scratch/now" || :
  comm -z -23 "$scratch/saved" "$scratch/now" | sed -z 's/^[^\\t]*\\t//' | tr '\\n\\0' '?\\n' > "$scratch/bad"
fi
printf '%s %s %s\\n' "$all" "$(grep -c '' "$scratch/bad" || :)" "\${digest%% *}"
head -n 10 "$scratch/bad"
`;
