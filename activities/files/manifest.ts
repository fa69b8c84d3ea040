import { StepError } from '../error.ts';
import { job } from '../host/job.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';

/** What a manifest sums up to. */
export interface ManifestFacts {
  /** SHA-256 of the manifest itself, hexadecimal. */
  readonly digest: string;
  /** Regular files. */
  readonly files: number;
  /** The sum of their sizes. */
  readonly bytes: number;
}

export interface ManifestOf {
  /** Absolute paths; names in the manifest begin with `./`, seen from `root`. */
  readonly paths: readonly string[];
  /** Directory under which the paths are looked up. Default `/`. */
  readonly root?: string;
  /** Where the manifest is written on the host; its folder MUST be there. Beside it `FILE.started` keeps the moment before the first look. */
  readonly file: string;
  readonly as?: string;
  /** What it may take, milliseconds. */
  readonly within: number;
  /** Tells the manifests of one step apart. */
  readonly name?: string;
}

/**
 * Writes, on a host, the manifest of everything under the paths: NUL-terminated records in order, each `WHAT<tab>NAME`.
 * `f MODE SIZE` and `s SHA-256` for a file, `d MODE` for a directory, `l TARGET` for a symbolic link.
 * A file that goes away meanwhile is left out; one that cannot be read, or a path that is not there, is a failure.
 */
export async function manifest(host: string, wanted: ManifestOf, context: StepContext): Promise<ManifestFacts> {
  const names = wanted.paths.map((path) => `.${path}`);
  const argv = ['sh', '-c', script, 'sh', wanted.root ?? '/', wanted.file, ...names];
  const options = {
    name: wanted.name ?? 'manifest',
    within: wanted.within,
    again: 'always' as const,
    ...(wanted.as === undefined ? {} : { as: wanted.as }),
  };
  const answer = await job(host, { ...options, argv }, context);
  const [, digest, files, bytes] = /^([0-9a-f]{64}) (\d+) (\d+)$/m.exec(answer.stdout) ?? [];
  if (answer.code === 0 && digest) return { digest, files: Number(files), bytes: Number(bytes) };
  const said = answer.stderr.trim().slice(0, 400) || `exit code ${answer.code}`;
  if (answer.code === missing) throw new StepError('path-missing', `On ${host}: ${said}`, 'person');
  if (answer.code === unreadable) throw new StepError('files-unreadable', `Files on ${host} cannot be read: ${said}`, 'person');
  if (/No space left on device/.test(said))
    throw new StepError('disk-full', `No room on ${host} for a manifest at ${wanted.file}.`, 'person');
  throw new StepError('manifest-not-made', `The manifest at ${wanted.file} on ${host} was not made: ${said}`);
}

/** Throws where one of the paths is not there, or may not be seen. */
export async function pathsThere(host: string, paths: readonly string[], as: string | undefined, context: StepContext): Promise<void> {
  const options = { deadline: 10_000, signal: context.signal, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  const answer = await run(context.host(host), ['ls', '-d', '--', ...paths], options);
  if (answer.code === 0) return;
  throw new StepError(
    'path-missing',
    `Not everything that is to be saved is there on ${host}: ${answer.stderr.trim().slice(0, 400)}`,
    'person',
  );
}

const missing = 44;
const unreadable = 45;

/** GNU find, coreutils and sed; `sort` keeps its memory bounded. */
const script = `
set -eu
export LC_ALL=C
umask 077
command -v find sort sed awk xargs sha256sum > /dev/null || { echo 'find, sort, sed, awk, xargs or sha256sum is not installed.' >&2; exit 1; }
cd "$1"
file=$2
shift 2
for path; do
  [ -e "$path" ] || [ -L "$path" ] || { printf '%s is not there.\\n' "\${path#.}" >&2; exit ${missing}; }
done
touch "$file.started"
find "$@" \\( -type f -printf 'f %m %s\\t%p\\0' \\) -o \\( -type d -printf 'd %m\\t%p\\0' \\) -o \\( -type l -printf 'l %l\\t%p\\0' \\) \\
  > "$file.all" 2> "$file.errors" || :
find "$@" -type f -print0 2>> "$file.errors" | xargs -0 -r sha256sum -z -- 2>> "$file.errors" | sed -z 's/^\\([0-9a-f]*\\)  /s \\1\\t/' >> "$file.all"
if grep -v 'No such file or directory' "$file.errors" | head -n 5 >&2 && grep -qv 'No such file or directory' "$file.errors"; then
  exit ${unreadable}
fi
sort -z -T "\${file%/*}" "$file.all" > "$file.sorted"
gone=$(grep -c . "$file.errors" || :)
rm "$file.all" "$file.errors"
listed=$(grep -zc '^f ' "$file.sorted" || :)
hashed=$(grep -zc '^s ' "$file.sorted" || :)
[ $((listed - hashed)) -le "$gone" ] || { echo "$hashed of $listed files were read." >&2; exit 1; }
bytes=$(grep -z '^f ' "$file.sorted" | sed -z 's/\\t.*//' | tr '\\0' '\\n' | awk '{ sum += $3 } END { printf "%.0f", sum }')
mv "$file.sorted" "$file"
digest=$(sha256sum < "$file")
printf '%s %s %s\\n' "\${digest%% *}" "$hashed" "$bytes"
`;
