import { types } from '../activities/index.ts';
import { forecast, type Forecast } from '../plan/estimate/forecast.ts';
import { pastOf } from '../plan/estimate/past.ts';
import type { Mode, Plan } from '../plan/plan.ts';
import { remembered } from '../worker/run/forecast.ts';
import { connect } from './connect.ts';

export type Forecasts = { readonly [mode in Mode]?: Forecast };

/** A plan is shown without Temporal too: it is not waited for longer than this, milliseconds. */
const patience = 1_500;

/** How long a run of this plan will take in each mode, by what was measured before; null where Temporal does not tell. */
export async function foretold(plan: Plan, modes: readonly Mode[]): Promise<Forecasts | null> {
  if (plan.whole !== undefined) return null;
  const past = await Promise.race([readPast(plan), new Promise<null>((resolve) => setTimeout(() => resolve(null), patience).unref())]);
  if (past === null) return null;
  const alike = pastOf(plan, past[plan.runbook] ?? [], types);
  return Object.fromEntries(modes.map((mode) => [mode, forecast(plan, mode, alike)]));
}

async function readPast({ system }: Plan): ReturnType<typeof remembered> {
  try {
    const temporal = await connect('lifeboat');
    try {
      return await remembered(temporal.client, system.name);
    } finally {
      await temporal.close();
    }
  } catch {
    return null;
  }
}
