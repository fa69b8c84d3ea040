import type { RunResult } from '../../workflows/wire.ts';
import { until } from '../e2e/world.ts';
import type { Crowd } from '../judge/crowd.ts';
import { attend } from './attend.ts';
import { draw } from './disturbances.ts';
import { judge, type Account } from './judge.ts';
import type { Random } from './random.ts';
import type { Theatre } from './theatre.ts';

export interface Told {
  /** One line for people. */
  readonly line: string;
  readonly violations: readonly string[];
}

/** One failover with what goes wrong in it, and the way back to a protected pair. */
export async function round(theatre: Theatre, crowd: Crowd, random: Random, account: Account): Promise<Told> {
  const before = await theatre.cast();
  const mode = random.chance(0.5) ? 'planned' : 'unplanned';
  const thrown = draw(random, mode);
  const since = Date.now();
  const words = thrown.map(({ disturbance, after }) => `${disturbance.name}${after < 0 ? '' : `@${after}ms`}`).join(', ') || 'nothing';
  const what = `${mode} ${before.source.site}→${before.target.site}, ${words}`;
  try {
    const ended = await carryOut(theatre, mode, thrown, before);
    await theatre.mend();
    const end = await settled(theatre, ended);
    await crowd.writes((await theatre.cast()).source.host, undefined, 30_000);
    const found = await judge(theatre, crowd, { planned: mode === 'planned' && !ended.switched, before, end, since }, account);
    const back = await protect(theatre, crowd, end, account);
    const violations = [...found.violations, ...back];
    const why = end.verdict.startsWith('recovered') ? '' : ` (${end.why.slice(0, 200)})`;
    return { line: `${what}: ${end.verdict}${why}, ${found.lost} rows lost`, violations };
  } catch (error) {
    return { line: what, violations: [`stuck: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

interface Ended extends RunResult {
  /** A planned run that people switched to unplanned may lose rows. */
  readonly switched: boolean;
}

async function carryOut(
  theatre: Theatre,
  mode: 'planned' | 'unplanned',
  thrown: ReturnType<typeof draw>,
  cast: Parameters<(typeof thrown)[number]['disturbance']['act']>[1],
): Promise<Ended> {
  let clock = thrown[0] !== undefined && thrown[0].after < 0 ? thrown[0].after : 0;
  const start = Date.now() - clock;
  const throwing = (async () => {
    for (const { disturbance, after } of thrown) {
      await pause(start + after - Date.now());
      clock = after;
      await disturbance.act(theatre, cast).catch(() => undefined);
    }
  })();
  await pause(start - Date.now());
  const handle = await theatre.world.start('failover', { mode, cause: 'exercise', parameters: { backup: false } });
  const end = await attend(theatre, handle);
  await throwing;
  const record = await theatre.record(end).catch(() => undefined);
  return { ...end, switched: (record?.modes.length ?? 1) > 1 };
}

/** A run that gave up leaves the source: where it was switched off meanwhile, people switch it on again and start it. */
async function settled(theatre: Theatre, end: Ended): Promise<RunResult> {
  const serves = (): Promise<boolean> =>
    theatre.cast().then(
      () => true,
      () => false,
    );
  if (end.verdict.startsWith('recovered') || (await serves())) return end;
  await theatre.reviveSource();
  await until(serves, 'one member to serve after a run that gave up', 30_000);
  return end;
}

/** Takes the pair back to a primary with its standby, by the shipped failback. */
async function protect(theatre: Theatre, crowd: Crowd, ended: RunResult, account: Account): Promise<readonly string[]> {
  const { source } = await theatre.cast();
  const follows = (): Promise<boolean> => theatre.follows(source.host);
  if (await until(follows, 'the standby to follow', ended.verdict === 'recovered, unprotected' ? 500 : 10_000).catch(() => false))
    return [];
  const before = await theatre.cast();
  const since = Date.now();
  const end = await attend(theatre, await theatre.world.start('failback', { parameters: { backup: false } }));
  await theatre.mend();
  if (end.verdict !== 'recovered') return [`stuck: the way back ended "${end.verdict}": ${end.why}`];
  await crowd.writes(before.target.host, undefined, 30_000);
  const { violations } = await judge(theatre, crowd, { planned: true, before, end, since }, account);
  return violations.map((violation) => `on the way back: ${violation}`);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
