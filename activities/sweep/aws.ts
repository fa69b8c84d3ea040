import { tag, tagOf } from '../aws/tags.ts';
import { everythingMade, type Made } from '../ec2/leftovers.ts';
import { takeAway } from '../ec2/take-away.ts';
import { StepError } from '../error.ts';
import type { Leftover, SweepContext, Sweeper } from './sweeper.ts';

/** Everything at an AWS site that bears the tags of a rehearsal of the system. What has other tags, or none, is not touched. */
export const awsSweeper: Sweeper = {
  find: async (context) => (await madeThere(context)).map((one) => leftover(one, context)),

  async remove(doomed, context) {
    const there = await madeThere(context);
    // It may be another's by now.
    const wanted = there.filter((one) => doomed.some((other) => isSame(leftover(one, context), other)));
    const ids = new Set(wanted.map(({ id }) => id));
    const problems: Error[] = [];
    for (const one of wanted) {
      const users = one.kind === 'instance' ? [] : one.usedBy;
      const stranger = users.find((id) => !ids.has(id));
      if (stranger !== undefined) problems.push(inUse(one, stranger, context));
      // What uses it goes first: it is asked for again once that is gone.
      if (one.going || users.length > 0) continue;
      await takeAway(one, context.site, context).catch((error: unknown) => {
        if (context.signal.aborted || !(error instanceof Error)) throw error;
        problems.push(error);
      });
    }
    if (problems.length > 0) throw problems[0]!;
  },
};

async function madeThere(context: SweepContext): Promise<readonly Made[]> {
  if (context.place.aws === undefined) return [];
  return (await everythingMade(context.site, context)).filter(({ tags }) => tagOf(tags, tag.purpose) === 'rehearsal');
}

function leftover({ kind, id, tags }: Made, { site }: SweepContext): Leftover {
  const expires = tagOf(tags, tag.expires) ?? '';
  return {
    site,
    kind,
    name: id,
    run: tagOf(tags, tag.run) ?? '',
    startedAt: tagOf(tags, tag.started) ?? '',
    expires: Number.isNaN(Date.parse(expires)) ? null : expires,
  };
}

const isSame = (one: Leftover, other: Leftover): boolean =>
  one.kind === other.kind && one.name === other.name && one.run === other.run && one.startedAt === other.startedAt;

function inUse({ kind, id }: Made, by: string, { site }: SweepContext): StepError {
  return new StepError(
    'still-used',
    `The ${kind} ${id} at ${site}, which a rehearsal made, is used by ${by}, which it did not make: it stays until that is gone.`,
    'later',
  );
}
