/** Carries out one job in a process of its own, which may be killed: `tsx job-apart.ts JSON`. */
import { job, type Job } from '../../activities/host/job.ts';
import type { HostFacts } from '../../plan/plan.ts';
import { plain } from './nowhere.ts';

const { hosts, key, host, wanted } = JSON.parse(process.argv[2]!) as {
  hosts: { [name: string]: HostFacts };
  key: string;
  host: string;
  wanted: Job;
};
console.log(JSON.stringify(await job(host, wanted, { ...plain({ hosts }), key })));
