import { StepError } from '../error.ts';
import { greets, postgresKnock } from '../greets.ts';
import { viewFrom } from '../endpoint.ts';
import type { StepContext } from '../step.ts';
import { memberOf } from './connect.ts';
import { controlData, type ControlData } from './control-data.ts';
import { position } from './lsn.ts';
import { askMember, type Member } from './member.ts';

/** How long the standby may take to replay what it was sent last, milliseconds. */
const patience = 15_000;

/** Waits until the standby has replayed the shutdown checkpoint. */
export async function caughtUp(host: string, standby: string, context: StepContext): Promise<void> {
  const control = await controlData(host, context);
  const until = Date.now() + patience;
  for (;;) {
    const member = await askMember(context.host(standby), context.system, context);
    if (replayed(member, control)) return;
    if (Date.now() > until) throw behindShutdown(host, standby, member, control);
    context.heartbeat();
    await context.sleep(50);
  }
}

/** Proves that a primary was shut down cleanly, stays silent, and that the standby, if there is one, replayed its shutdown checkpoint. Only reads. */
export async function proveShutDown(
  host: string,
  standby: string | undefined,
  context: StepContext,
): Promise<{ control: ControlData; at: string; evidence: readonly string[] }> {
  const facts = memberOf(context.host(host), context.system);
  const view = viewFrom(context.host(host).views, context.viewpoint, `host ${host}`);
  const [member, voice] = await Promise.all([
    standby === undefined ? undefined : askMember(context.host(standby), context.system, context),
    greets(view, facts.port, 1_000, postgresKnock),
  ]);
  // Read last: it must still say so after everything else was seen.
  const control = await controlData(host, context);
  const at = new Date().toISOString();
  if (control.state !== 'shut down' || voice.greets) {
    throw new StepError(
      'not-shut-down',
      `PostgreSQL on ${host} is not shut down: its control data says "${control.state}"${voice.greets ? ', and it answers' : ''}.`,
      'person',
    );
  }
  const shutDown = `The control data of PostgreSQL on ${host} says "shut down", with the shutdown checkpoint at ${control.checkpoint} on timeline ${control.timeline}.`;
  const silent = `PostgreSQL on ${host} does not answer: ${voice.text}.`;
  if (standby === undefined || member === undefined) return { control, at, evidence: [shutDown, silent] };
  if (member.identifier !== control.identifier) {
    throw new StepError(
      'wrong-host',
      `${host} and ${standby} are not of one PostgreSQL cluster (${control.identifier}, ${member.identifier}): correct the inventory.`,
      'person',
    );
  }
  if (!replayed(member, control)) throw behindShutdown(host, standby, member, control);
  const passed = `${standby} has replayed up to ${member.replayed ?? member.lsn}, past that checkpoint.`;
  return { control, at, evidence: [shutDown, passed, silent] };
}

/** Past the checkpoint's own position: the record itself was replayed, and it is the last one. */
function replayed(member: Member, control: ControlData): boolean {
  return position(member.replayed ?? '0/0') > position(control.checkpoint);
}

function behindShutdown(host: string, standby: string, member: Member, control: ControlData): StepError {
  return new StepError(
    'standby-behind',
    `${standby} has replayed up to ${member.replayed ?? 'nothing'} only, and the shutdown checkpoint of ${host} is at ${control.checkpoint}: promoted now, it would miss data.`,
  );
}
