/**
 * Ends the PostgreSQL servers that run in a directory, without a checkpoint: what they served is thrown away. A number in a file that
 * was left behind may be that of another program by now, and production's: only what works in that very directory is ended. A constant
 * in POSIX shell; argument: directory. Needs /proc.
 */
export const stopServers = `
cd -- "$1" || exit 0
works() { [ "$(readlink "/proc/$pid/cwd")" = "$data" ]; }
find . -xdev -name postmaster.pid -type f | while read -r file; do
  data=$(cd -- "\${file%/*}" && pwd -P) && pid=$(head -n 1 "$file") || continue
  works || continue
  kill -QUIT "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do works || continue 2; sleep 0.5; done
  kill -KILL "$pid"
  sleep 1
done
`;

/**
 * Makes a directory with the file that tells whose it is, in one command: a worker that is killed leaves both, or none that cannot be
 * made again. What lies above it, where jobs may lie too, is nobody's secret. Arguments: directory, name of that file, what it says.
 */
export const placeMarker = `
umask 022
mkdir -p -- "\${1%/*}" && umask 077 && mkdir -p -- "$1" && printf %s "$3" > "$1/$2.new" && mv -f -- "$1/$2.new" "$1/$2"
`;

/** Empties a directory, the file that tells whose it is at last, then removes it. Arguments: directory, name of that file. */
export const removeMarked = `
cd -- "$1" || exit 0
find . -xdev -mindepth 1 ! -path "./$2" -delete && rm -f -- "$2" "$2.new" && cd / && rmdir -- "$1"
`;
