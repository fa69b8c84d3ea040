import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';
import type { Counts } from './counts.ts';

/** Mocha's own output, and its counts as JSON in the file that `LIFEBOAT_TEST_COUNTS` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on('pending', (test: Mocha.Test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped };
      const file = process.env['LIFEBOAT_TEST_COUNTS'];
      if (file) writeFileSync(file, JSON.stringify(counts));
    });
  }
}
