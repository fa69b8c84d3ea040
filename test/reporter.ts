import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';
import type { Counts } from './counts.ts';

/** Mocha's own output, and its counts as JSON in the file that `LIFEBOAT_TEST_COUNTS` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on('pending', (test: Mocha.Test) => skipped.push(test.fullTitle()));
    // A test that needs its second try is told, not hidden: it is one to mend.
    runner.on('retry', (test: Mocha.Test, error: Error) => console.log(`RETRIED: ${test.fullTitle()}\n  ${error.stack ?? error.message}`));
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped };
      const file = process.env['LIFEBOAT_TEST_COUNTS'];
      if (file) writeFileSync(file, JSON.stringify(counts));
    });
  }
}
