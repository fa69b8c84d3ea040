import { giveUpRoot } from './run.ts';

/**
 * What a host runs for a job: constants, given their parameters as arguments, in POSIX shell with flock (util-linux) and timeout
 * (coreutils). A job's folder tells all there is to know of it, also after a reboot:
 *   run     how often it was started          lock   held for as long as it runs
 *   digest  of what was run                   end    exit code, or `stopped`; missing: it runs, or was cut short
 *   out, err   what it printed                pid    of this script
 */

/**
 * Runs a command once: only where it was started `had` times before, and nothing of it runs. Arguments: folder, had, digest, seconds,
 * file with its input or '', who may read the folder or '', as whom it runs or '', command.
 */
export const runJob = `
exec < /dev/null > /dev/null 2>&1
cd /
dir=$1 had=$2 digest=$3 within=$4 input=$5 reader=$6 as=$7
shift 7
umask 022
mkdir -p "\${dir%/*}"
find "\${dir%/*}" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
umask 077
mkdir -p "$dir"
exec 9>> "$dir/lock"
flock -w 5 9 || exit 0
[ "$(cat "$dir/run" || echo 0)" = "$had" ] || exit 0
child= stopped=
trap 'stopped=1; kill -TERM $child' TERM
rm -f "$dir/end"
: > "$dir/out"
: > "$dir/err"
echo "$digest" > "$dir/digest"
echo $$ > "$dir/pid"
echo $((had + 1)) > "$dir/run"
[ -z "$reader" ] || chown -R "$reader" "$dir"
exec 3< /dev/null
[ -z "$input" ] || { exec 3< "$input"; rm -f "$input"; }
[ -z "$as" ] || set -- ${giveUpRoot('"$as"')} "$@"
timeout -v -k 10 "$within" "$@" <&3 3<&- > "$dir/out" 2> "$dir/err" &
child=$!
[ -z "$stopped" ] || kill -TERM $child
wait $child
code=$?
if [ -n "$stopped" ]; then wait $child; code=stopped; fi
echo $code > "$dir/end.new"
[ -z "$reader" ] || chown "$reader" "$dir/end.new"
mv "$dir/end.new" "$dir/end"
`;

/**
 * Says how a job stands, at once where it has ended, else when it ends, at the latest after so many seconds. Arguments: folder, seconds.
 * First line: none, running, ended or cut; how often it was started; digest; exit code or \`stopped\`; bytes printed to both outputs.
 * Of an end, the last 64 KiB of its outputs follow on the same outputs.
 */
export const readJob = `
dir=$1 wait=$2 most=65536
[ -e "$dir/run" ] || { echo none 0 - - 0 0; exit; }
[ ! -e "$dir/end" ] || wait=0.2
report() {
  echo "$1 $(cat "$dir/run") $(cat "$dir/digest") $2 $(wc -c < "$dir/out") $(wc -c < "$dir/err")"
  [ "$1" != running ] || return
  tail -c $most "$dir/out"
  tail -c $most "$dir/err" >&2
}
exec 9< "$dir/lock"
if flock -s -w "$wait" 9; then held=; else held=1; fi
if [ -e "$dir/end" ]; then report ended "$(cat "$dir/end")"
elif [ -n "$held" ]; then report running -
else report cut -
fi
`;

/** Ends a job that runs without systemd, and all it started, and waits for that. Argument: folder. */
export const stopJob = `
exec 9< "$1/lock"
flock -s -n 9 && exit
kill -TERM "$(cat "$1/pid")"
flock -s -w 15 9
`;

/** Takes what it reads into a file that nobody else can read. Argument: file. */
export const takeInput = `
umask 077
mkdir -p "\${1%/*}"
cat > "$1.new" && mv "$1.new" "$1"
`;
