import { StepError } from '../error.ts';
import { job } from '../host/job.ts';
import type { StepContext } from '../step.ts';

/** How files on a host stand to a manifest. */
export interface Comparison {
  /** Files that are exactly as the manifest says: name, size, mode, SHA-256. */
  readonly same: number;
  /** Names whose content changed after the manifest was begun: nothing can be said of them. */
  readonly changed: number;
  /** Names that are missing, new or different, and were not changed meanwhile. */
  readonly different: number;
  /** The first of the different ones; a line break in a name is shown as `?`. */
  readonly first: readonly string[];
  /** SHA-256 of the manifest that they were held to, hexadecimal. */
  readonly digest: string;
}

export interface Compared {
  /** The manifest to be held to, on the host. Beside it lies `FILE.started`. */
  readonly saved: string;
  /** A manifest of the same paths as they are now. */
  readonly now: string;
  /** Directory from which the names are seen. */
  readonly root: string;
  readonly as?: string;
  /** `different`, the default: names that the manifest does not have count as different. `allowed`: the files stand among others. */
  readonly extra?: 'different' | 'allowed';
  /** Absolute paths, seen from `root`, that are not compared, with all below them. */
  readonly except?: readonly string[];
  /** What it may take, milliseconds. */
  readonly within: number;
}

/** Holds two manifests on a host against each other, name by name. */
export async function compare(host: string, wanted: Compared, context: StepContext): Promise<Comparison> {
  const columns = wanted.extra === 'allowed' ? '-23' : '-3';
  const argv = ['sh', '-c', script, 'sh', wanted.root, wanted.saved, wanted.now, columns, ...(wanted.except ?? [])];
  const answer = await job(
    host,
    { name: 'compare', argv, again: 'always', within: wanted.within, ...(wanted.as === undefined ? {} : { as: wanted.as }) },
    context,
  );
  const [head = '', ...first] = answer.stdout.split('\n').filter(Boolean);
  const [, same, changed, different, digest] = /^(\d+) (\d+) (\d+) ([0-9a-f]{64})$/.exec(head) ?? [];
  if (answer.code === 0 && digest !== undefined)
    return { same: Number(same), changed: Number(changed), different: Number(different), first, digest };
  throw new StepError(
    'not-compared',
    `The files in ${wanted.root} on ${host} could not be compared with their manifest: ${answer.stderr.trim().slice(0, 300) || `exit code ${answer.code}`}`,
  );
}

/** A name counts as changed meanwhile where it, or the directory it is in, is newer than the moment before the manifest's first look. */
const script = `
set -eu
export LC_ALL=C
cd "$1"
saved=$2 now=$3 columns=$4
shift 4
for path; do printf '.%s\\n' "$path"; done > "$now.except"
comm -z "$columns" "$saved" "$now" | sed -z 's/^\\t//; s/^[^\\t]*\\t//' | sort -zu > "$now.names"
xargs -0 -r sh -c '
  except=$1
  shift
  for name; do
    while IFS= read -r path; do
      case $name in "$path"|"$path"/*) continue 2 ;; esac
    done < "$except"
    newer=$(find "$name" "\${name%/*}" -prune -newer "$0" 2>/dev/null | head -n 1)
    if [ -n "$newer" ]; then printf "c%s\\0" "$name"; else printf "d%s\\0" "$name"; fi
  done' "$saved.started" "$now.except" < "$now.names" > "$now.judged"
same=$(comm -z -12 "$saved" "$now" | sed -zn '/^s /s/^[^\\t]*\\t//p' | sort -zu | comm -z -23 - "$now.names" | grep -zc '' || :)
changed=$(grep -zc '^c' "$now.judged" || :)
different=$(grep -zc '^d' "$now.judged" || :)
digest=$(sha256sum < "$saved")
printf '%s %s %s %s\\n' "$same" "$changed" "$different" "\${digest%% *}"
grep -z '^d' "$now.judged" | sed -z 's/^d\\.//' | head -z -n 10 | tr '\\n\\0' '?\\n' || :
rm "$now.names" "$now.judged" "$now.except"
`;
