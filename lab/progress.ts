/** Takes one line for the person who waits. */
export type Progress = (line: string) => void;

/** Waits for `work`; once it takes longer than two seconds says what it is, and every ten seconds that it still goes on. */
export async function shown<T>(progress: Progress, what: string, work: Promise<T>): Promise<T> {
  const begun = Date.now();
  let timer = setTimeout(function again() {
    const seconds = Math.round((Date.now() - begun) / 1000);
    progress(seconds < 4 ? `${what} …` : `${what} … (${seconds} s so far)`);
    timer = setTimeout(again, 10_000);
  }, 2000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
