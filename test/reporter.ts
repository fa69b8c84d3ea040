import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { CountsByFile } from './counts.ts';

/** Mocha's own output, and its counts by file as JSON in the file that `LIFEBOAT_TEST_COUNTS` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const files: Record<string, { passed: number; failed: number; skipped: string[] }> = {};
    const of = ({ file }: Mocha.Runnable) => (files[file ? relative(process.cwd(), file) : ''] ??= { passed: 0, failed: 0, skipped: [] });
    runner.on('pass', (test: Mocha.Test) => void of(test).passed++);
    // A hook fails here too.
    runner.on('fail', (test: Mocha.Runnable) => void of(test).failed++);
    runner.on('pending', (test: Mocha.Test) => void of(test).skipped.push(test.fullTitle()));
    runner.once('end', () => {
      const file = process.env['LIFEBOAT_TEST_COUNTS'];
      if (file) writeFileSync(file, JSON.stringify(files satisfies CountsByFile));
    });
  }
}
