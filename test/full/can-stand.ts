import type { Context } from 'mocha';
import { isDebian, missingPackages } from '../../lab/full/packages.ts';

/** Skips, saying why, where the full lab cannot stand. */
export function needsFullLab(test: Context): void {
  if (process.getuid?.() !== 0 || !isDebian()) return skip(test, 'the full lab needs root on Debian');
  const missing = missingPackages();
  if (missing.length > 0) skip(test, `the full lab needs these packages: ${missing.join(', ')}`);
}

function skip(test: Context, why: string): void {
  console.log(`      skipped: ${why}`);
  test.skip();
}
