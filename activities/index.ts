import fenceManual from './fence/manual.ts';
import httpCheck from './http/check.ts';
import manualTask from './manual/task.ts';
import notifyWebhook from './notify/webhook.ts';
import postgresCheck from './postgres/check.ts';
import postgresPromote from './postgres/promote.ts';
import postgresQuiesce from './postgres/quiesce.ts';
import powerOff from './power/off.ts';
import powerOn from './power/on.ts';
import type { StepType } from './step.ts';
import tcpCheck from './tcp/check.ts';

/** Every step type, in the order of their names. */
export const types: readonly StepType[] = [
  fenceManual,
  httpCheck,
  manualTask,
  notifyWebhook,
  postgresCheck,
  postgresPromote,
  postgresQuiesce,
  powerOff,
  powerOn,
  tcpCheck,
];
