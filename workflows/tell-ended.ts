import { workflowInfo } from '@temporalio/workflow';
import type { Verdict } from '../record/journal.ts';
import { goodVerdicts } from './child-run.ts';
import { now } from './journal.ts';
import type { Run } from './run.ts';
import { subjectOf } from './subject.ts';
import { tell } from './tell.ts';

/** Tells people how a run ended. Of what goes well each night, and of what a parent run counts among its own, nobody is told. */
export async function tellEnded(run: Run, verdict: Verdict, why: string): Promise<void> {
  if (verdict === 'proven' || (run.input.given !== undefined && goodVerdicts.includes(verdict))) return;
  const { system } = run.input;
  await tell({
    system,
    event: 'ended',
    key: `${run.origin}/ended/${now()}`,
    title: `${run.plan?.whole ?? system}: ${run.kind} ended: ${verdict}`,
    text: [
      subjectOf(run),
      why,
      ...(run.outage === null ? [] : [`Users were without it for ${Math.round(run.outage / 100) / 10} s.`]),
      ...Object.entries(run.records).map(([site, path]) => `Record at ${site}: ${path}`),
    ],
    commands: [`lifeboat report ${run.workflowId}`],
    link: run.workflowId,
    runId: workflowInfo().runId,
    notify: run.plan?.notify ?? {},
  });
}
