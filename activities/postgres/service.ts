import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { serviceRights } from '../host/rights.ts';
import { run, type CommandResult } from '../host/run.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { memberOf, onMember } from './connect.ts';
import { controlData } from './control-data.ts';

/** Longest that a stop or a start may take, milliseconds. */
const patience = 45_000;

/** Stops the server by the inventory's command, and believes only its control data. */
export async function stopServer(name: string, context: StepContext): Promise<void> {
  const host = context.host(name);
  const argv = serviceOf(name, context).stop;
  const answer = await command(host, argv, context);
  const until = Date.now() + 2_000;
  for (;;) {
    const { state } = await controlData(name, context);
    if (state === 'shut down') return;
    if (Date.now() > until) {
      const said = answer.stderr.trim().slice(0, 300);
      throw state === 'in production' && (await answers(name, context))
        ? new StepError(
            'still-running',
            `PostgreSQL on ${name} still runs after \`${argv[0]} …\` (exit code ${answer.code})${said ? `: ${said}` : ''}.`,
          )
        : new StepError(
            'not-shut-down',
            `PostgreSQL on ${name} is gone, but was not shut down cleanly (control data: "${state}"): its last writes may be missing elsewhere. Go on unplanned, with a fence.`,
            'person',
          );
    }
    await context.sleep(50);
  }
}

/** Stops a server of which nothing is to be proven, such as a standby, by the inventory's command. MUST be read back. */
export async function orderStop(name: string, context: StepContext): Promise<void> {
  await command(context.host(name), serviceOf(name, context).stop, context);
}

/** Starts the server by the inventory's command, and believes only a session on it. */
export async function startServer(name: string, context: StepContext): Promise<void> {
  const answer = await command(context.host(name), serviceOf(name, context).start, context);
  const until = Date.now() + 15_000;
  while (!(await answers(name, context))) {
    if (Date.now() > until)
      throw new StepError(
        'not-started',
        `PostgreSQL on ${name} does not answer after its start (exit code ${answer.code}): ${answer.stderr.trim().slice(0, 300)}`,
      );
    context.heartbeat();
    await context.sleep(50);
  }
}

function command(host: HostFacts, argv: readonly string[], context: StepContext): Promise<CommandResult> {
  const { signal, viewpoint } = context;
  return beating(context, run(host, argv, { deadline: patience, signal, viewpoint, ...serviceRights(host, argv) }));
}

function serviceOf(name: string, context: StepContext) {
  const host = context.host(name);
  const service = memberOf(host, context.system).service[host.site];
  if (service) return service;
  throw new StepError(
    'no-service',
    `The inventory does not say how PostgreSQL on ${name} is started and stopped: add \`postgres.service\` for ${host.site}.`,
    'mistake',
  );
}

async function answers(name: string, context: StepContext): Promise<boolean> {
  return onMember(context.host(name), context.system, context, (query) => query('select 1')).then(
    () => true,
    () => false,
  );
}
