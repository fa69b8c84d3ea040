import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, writeIdentity } from '../launch.ts';
import type { Identity } from '../process.ts';
import { address, labTag, logFile, machineOf, namespaceOf, runFile, secret, socketOf, type FullLab } from './full-lab.ts';
import { withinNet } from './tool.ts';

/** The IPMI controller of a host, on its site's own network: what it is told it hands on to whoever has the power. */
export function startController(lab: FullLab, host: string): Identity {
  const folder = join(lab.folder, 'controllers', host);
  mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
  const { wire, controller } = machineOf(host);
  const hook = join(folder, 'hook');
  writeFileSync(hook, hookProgram(lab, host));
  chmodSync(hook, 0o700);
  writeFileSync(join(folder, 'lan.conf'), lanConfig(host, address(lab, controller!), secret(lab, `controller-${host}`), hook), {
    mode: 0o600,
  });
  writeFileSync(join(folder, 'emulation'), emulation);
  const argv = ['ipmi_sim', '-c', join(folder, 'lan.conf'), '-f', join(folder, 'emulation'), '-s', join(folder, 'state'), '-n'];
  const child = launch(withinNet(namespaceOf(lab, wire), argv), { log: logFile(lab, `controller-${host}`), env: labTag(lab) });
  return writeIdentity(runFile(lab, `controller-${host}`), child.pid);
}

/** The simulator runs it as `hook get power …` or `hook set power 0 …` for every question and press. */
const hookProgram = (lab: FullLab, host: string): string => `#!/bin/sh
printf '%s\\n' "${host} $*" | exec socat -t 60 - UNIX-CONNECT:${socketOf(lab)}
`;

const lanConfig = (host: string, at: string, password: string, hook: string): string => `name "${host}-controller"
set_working_mc 0x20
  startlan 1
    addr ${at} 623
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa1234567${Buffer.from(at).toString('hex').slice(-8)}
  endlan
  chassis_control "${hook}"
  user 2 true "lifeboat" "${password}" admin 10 none md2 md5 straight
`;

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
`;
