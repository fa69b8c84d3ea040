import isolateInstance from '../ec2/isolate.ts';
import isolateDatabase from '../rds/isolate.ts';
import type { StepType } from '../step.ts';

/** What carries out a fence that was owed, by the name that a pending fence gives. */
export const isolations: { readonly [uses: string]: StepType } = {
  'ec2.isolate': isolateInstance,
  'rds.isolate': isolateDatabase,
};
