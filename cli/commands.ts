import type { Command } from './command.ts';

type Load = () => Promise<Command>;

/** Every subcommand, in the order in which help lists them. Nothing is loaded before it is asked for. */
export const groups: { readonly [title: string]: { readonly [name: string]: Load } } = {
  'On a quiet day': {
    check: async () => (await import('./check.ts')).default,
    backup: async () => (await import('./backup.ts')).default,
    backups: async () => (await import('./backups.ts')).default,
    dashboard: async () => (await import('./dashboard.ts')).default,
    rehearse: async () => (await import('./rehearse.ts')).default,
    sweep: async () => (await import('./sweep.ts')).default,
    findings: async () => (await import('./findings.ts')).default,
    schedules: async () => (await import('./schedules.ts')).default,
    plan: async () => (await import('./plan.ts')).default,
    iam: async () => (await import('./iam.ts')).default,
    demo: async () => (await import('./demo.ts')).default,
    dev: async () => (await import('./dev.ts')).default,
    lab: async () => (await import('./lab.ts')).default,
  },
  'On the worst day': {
    failover: async () => (await import('./failover.ts')).default,
    failback: async () => (await import('./failback.ts')).default,
    restore: async () => (await import('./restore.ts')).default,
    run: async () => (await import('./run.ts')).default,
    status: async () => (await import('./status.ts')).default,
    stop: async () => (await import('./stop.ts')).default,
    resume: async () => (await import('./resume.ts')).default,
  },
  'What a run asks of people': {
    approve: decision('approve'),
    refuse: decision('refuse'),
    retry: decision('retry'),
    skip: decision('skip'),
    done: decision('done'),
    unplanned: decision('unplanned'),
    planned: decision('planned'),
    'back-out': decision('back-out'),
    abort: decision('abort'),
  },
  Afterwards: {
    report: async () => (await import('./report.ts')).default,
    records: async () => (await import('./records.ts')).default,
    verify: async () => (await import('./verify.ts')).default,
    'sign-off': async () => (await import('./sign-off.ts')).default,
    keys: async () => (await import('./keys.ts')).default,
  },
  'Permanent services': {
    worker: async () => (await import('./worker.ts')).default,
    probe: async () => (await import('./probe.ts')).default,
  },
};

export const commands: { readonly [name: string]: Load } = Object.assign(Object.create(null), ...Object.values(groups));

function decision(choice: keyof (typeof import('./decide.ts'))['decisions']): Load {
  return async () => (await import('./decide.ts')).decisions[choice];
}
