import copyCompare from './copy/compare.ts';
import copyPostgres from './copy/postgres.ts';
import copyRds from './copy/rds.ts';
import dnsUpdate from './dns/update.ts';
import ec2Address from './ec2/address.ts';
import ec2AttachVolume from './ec2/attach-volume.ts';
import ec2Cleanup from './ec2/cleanup.ts';
import ec2CopyImage from './ec2/copy-image.ts';
import ec2CopySnapshot from './ec2/copy-snapshot.ts';
import ec2Image from './ec2/image.ts';
import ec2Isolate from './ec2/isolate.ts';
import ec2Launch from './ec2/launch.ts';
import ec2Release from './ec2/release.ts';
import ec2ScaleGroup from './ec2/scale-group.ts';
import ec2Snapshot from './ec2/snapshot.ts';
import ec2Start from './ec2/start.ts';
import ec2Stop from './ec2/stop.ts';
import ec2Verify from './ec2/verify.ts';
import fenceLift from './fence/lift.ts';
import fenceManual from './fence/manual.ts';
import fenceNetwork from './fence/network.ts';
import fencePending from './fence/pending.ts';
import fenceSettle from './fence/settle.ts';
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
import rdsAdopt from './rds/adopt.ts';
import rdsCompare from './rds/compare.ts';
import rdsCopySnapshot from './rds/copy-snapshot.ts';
import rdsFailover from './rds/failover.ts';
import rdsFailoverZone from './rds/failover-zone.ts';
import rdsIsolate from './rds/isolate.ts';
import rdsPromote from './rds/promote.ts';
import rdsReplica from './rds/replica.ts';
import rdsReprotect from './rds/reprotect.ts';
import rdsRestore from './rds/restore.ts';
import rdsRestoreToTime from './rds/restore-to-time.ts';
import rdsSnapshot from './rds/snapshot.ts';
import rdsStop from './rds/stop.ts';
import rdsSwitchover from './rds/switchover.ts';
import route53Shift from './route53/shift.ts';
import route53Switch from './route53/switch.ts';
import s3CopyLock from './s3/copy-lock.ts';
import secretsCheck from './secrets/check.ts';
import serviceCheck from './service/check.ts';
import serviceStart from './service/start.ts';
import serviceStop from './service/stop.ts';
import sshRun from './ssh/run.ts';
import type { StepType } from './step.ts';
import storeCheck from './store/check.ts';
import tcpCheck from './tcp/check.ts';

/** Every step type, in the order of their names. */
export const types: readonly StepType[] = [
  copyCompare,
  copyPostgres,
  copyRds,
  dnsUpdate,
  ec2Address,
  ec2AttachVolume,
  ec2Cleanup,
  ec2CopyImage,
  ec2CopySnapshot,
  ec2Image,
  ec2Isolate,
  ec2Launch,
  ec2Release,
  ec2ScaleGroup,
  ec2Snapshot,
  ec2Start,
  ec2Stop,
  ec2Verify,
  fenceLift,
  fenceManual,
  fenceNetwork,
  fencePending,
  fenceSettle,
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
  rdsAdopt,
  rdsCompare,
  rdsCopySnapshot,
  rdsFailover,
  rdsFailoverZone,
  rdsIsolate,
  rdsPromote,
  rdsReplica,
  rdsReprotect,
  rdsRestore,
  rdsRestoreToTime,
  rdsSnapshot,
  rdsStop,
  rdsSwitchover,
  route53Shift,
  route53Switch,
  s3CopyLock,
  secretsCheck,
  serviceCheck,
  serviceStart,
  serviceStop,
  sshRun,
  storeCheck,
  tcpCheck,
];
