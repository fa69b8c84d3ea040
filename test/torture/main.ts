/**
 * A series of failovers on the full lab, planned and unplanned, with faults at moments that a seed decides:
 * `npm run torture -- --seed 7 --count 200`. Ends with 1 where anything happened that must not happen.
 * `--from N` begins with round N of the same series; `--break` has a step lie, so that one sees it fail.
 */
import { parseArgs } from 'node:util';
import { fullCrowd } from '../full/crowd.ts';
import { Random } from './random.ts';
import { round } from './round.ts';
import { Theatre } from './theatre.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    count: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    break: { type: 'boolean', default: false },
  },
});
const [seed, count, from] = [Number(values.seed), Number(values.count), Number(values.from)];
if (values.break) process.env['LIFEBOAT_TORTURE_BREAK'] = '1';

console.log(`seed ${seed}, ${count} rounds${values.break ? ', with a step that lies' : ''}`);
const theatre = await Theatre.open();
const account = { lost: new Set<string>() };
const found: string[] = [];
let rounds = 0;
try {
  const { source } = await theatre.cast();
  const crowd = await fullCrowd(theatre.world.lab, { primary: source.host });
  try {
    for (let n = from; n < from + count; n += 1) {
      const begun = Date.now();
      // Each round has numbers of its own, so that one can be repeated alone.
      const { line, violations } = await round(theatre, crowd, new Random(seed * 100_003 + n), account);
      rounds += 1;
      console.log(`#${n} ${line} (${((Date.now() - begun) / 1_000).toFixed(1)} s)`);
      for (const violation of violations) console.log(`   VIOLATION: ${violation}`);
      found.push(...violations);
      if (violations.length > 0) {
        for (const told of await theatre.story()) console.log(`   ${told}`);
        console.log(`   Again: npm run torture -- --seed ${seed} --from ${n} --count 1`);
        break;
      }
    }
  } finally {
    await crowd.stop();
  }
} finally {
  await theatre.close();
}
console.log(`seed ${seed}: ${rounds} rounds, ${account.lost.size} rows of the writers lost in unplanned runs, ${found.length} violations`);
process.exit(found.length === 0 && rounds === count ? 0 : 1);
