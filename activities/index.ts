import dnsUpdate from './dns/update.ts';
import fenceLift from './fence/lift.ts';
import fenceManual from './fence/manual.ts';
import fenceNetwork from './fence/network.ts';
import filesBackup from './files/backup.ts';
import filesCheck from './files/check.ts';
import filesCopy from './files/copy.ts';
import filesExpire from './files/expire.ts';
import filesRestore from './files/restore.ts';
import filesVerify from './files/verify.ts';
import haproxyDrain from './haproxy/drain.ts';
import haproxyReady from './haproxy/ready.ts';
import haproxySwitch from './haproxy/switch.ts';
import hostRebuild from './host/rebuild.ts';
import httpCheck from './http/check.ts';
import manualTask from './manual/task.ts';
import notifyWebhook from './notify/webhook.ts';
import postgresAdopt from './postgres/adopt.ts';
import postgresBackup from './postgres/backup.ts';
import postgresCheck from './postgres/check.ts';
import postgresCompare from './postgres/compare.ts';
import postgresCopy from './postgres/copy.ts';
import postgresExpire from './postgres/expire.ts';
import postgresFindPoint from './postgres/find-point.ts';
import postgresPromote from './postgres/promote.ts';
import postgresQuiesce from './postgres/quiesce.ts';
import postgresRebuild from './postgres/rebuild.ts';
import postgresReprotect from './postgres/reprotect.ts';
import postgresRestore from './postgres/restore.ts';
import postgresRewind from './postgres/rewind.ts';
import postgresVerify from './postgres/verify.ts';
import powerCheck from './power/check.ts';
import powerCycle from './power/cycle.ts';
import powerOff from './power/off.ts';
import powerOn from './power/on.ts';
import serviceCheck from './service/check.ts';
import serviceStart from './service/start.ts';
import serviceStop from './service/stop.ts';
import sshRun from './ssh/run.ts';
import type { StepType } from './step.ts';
import storeCheck from './store/check.ts';
import tcpCheck from './tcp/check.ts';

/** Every step type, in the order of their names. */
export const types: readonly StepType[] = [
  dnsUpdate,
  fenceLift,
  fenceManual,
  fenceNetwork,
  filesBackup,
  filesCheck,
  filesCopy,
  filesExpire,
  filesRestore,
  filesVerify,
  haproxyDrain,
  haproxyReady,
  haproxySwitch,
  hostRebuild,
  httpCheck,
  manualTask,
  notifyWebhook,
  postgresAdopt,
  postgresBackup,
  postgresCheck,
  postgresCompare,
  postgresCopy,
  postgresExpire,
  postgresFindPoint,
  postgresPromote,
  postgresQuiesce,
  postgresRebuild,
  postgresReprotect,
  postgresRestore,
  postgresRewind,
  postgresVerify,
  powerCheck,
  powerCycle,
  powerOff,
  powerOn,
  serviceCheck,
  serviceStart,
  serviceStop,
  sshRun,
  storeCheck,
  tcpCheck,
];
