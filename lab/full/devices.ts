import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, writeIdentity } from '../launch.ts';
import { put } from './disk/put.ts';
import { keyFile, labTag, logFile, namespaceOf, publicKey, runFile, type FullLab } from './full-lab.ts';
import { devices } from './shape.ts';
import { withinNet } from './tool.ts';

/** The ssh server of a network device. Its one command is `cut LINE`, `heal LINE` or `state LINE`. */
export function startDevice(lab: FullLab, name: string): void {
  const folder = join(lab.folder, 'devices', name);
  const { lines } = devices[name]!;
  put(folder, 'command', name === 'wan' ? routerCommand(lines) : switchCommand(lines), { mode: 0o755 });
  put(folder, 'passwd', accounts('passwd', 'ops:x:0:0::/:/bin/sh'));
  put(folder, 'shadow', accounts('shadow', 'ops:*:19000:0:99999:7:::'), { mode: 0o600 });
  put(folder, 'keys/ops', `restrict,command="${folder}/command" ${publicKey(lab, 'ops')}\n`);
  put(folder, 'sshd_config', serverConfig(lab, name, folder));
  put(folder, 'start', start(folder), { mode: 0o755 });
  const argv = withinNet(namespaceOf(lab, name), ['unshare', '--mount', '--', join(folder, 'start')]);
  writeIdentity(runFile(lab, `device-${name}`), launch(argv, { log: logFile(lab, `device-${name}`), env: labTag(lab) }).pid);
}

/** The device has accounts of its own, and nothing of this machine's /run. */
const start = (folder: string): string => `#!/bin/sh
set -e
mount --bind ${folder}/passwd /etc/passwd
mount --bind ${folder}/shadow /etc/shadow
mount -t tmpfs -o mode=755 run /run
mkdir /run/sshd
exec /usr/sbin/sshd -D -e -f ${folder}/sshd_config
`;

const serverConfig = (lab: FullLab, name: string, folder: string): string => `Port 22
HostKey ${keyFile(lab, `host-${name}`)}
HostCertificate ${keyFile(lab, `host-${name}`)}-cert.pub
PidFile none
PermitRootLogin forced-commands-only
AllowUsers ops
AuthorizedKeysFile ${folder}/keys/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
PrintMotd no
`;

function accounts(file: string, own: string): string {
  const others = readFileSync(`/etc/${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('ops:'));
  return [...others, own, ''].join('\n');
}

/** Takes the last two words of what was asked, so that whatever quotes them on the way does no harm. */
const words = (lines: readonly string[]): string => `#!/bin/sh
set -efu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
set -- $(printf %s "\${SSH_ORIGINAL_COMMAND:-}" | tr -d "'\\"\\\\\\\\")
while [ $# -gt 2 ]; do shift; done
act=\${1:-} line=\${2:-}
case " ${lines.join(' ')} " in *" \${line:-none} "*) ;; *) echo "no such line: ${lines.join(', ')}" >&2; exit 2;; esac
`;

const switchCommand = (lines: readonly string[]): string => `${words(lines)}case $act in
  cut) ip link set dev "$line" down;;
  heal) ip link set dev "$line" up;;
  state) case $(ip -o link show dev "$line") in *[,\\<]UP[,\\>]*) echo open;; *) echo cut;; esac;;
  *) echo "cut, heal or state" >&2; exit 2;;
esac
`;

const routerCommand = (lines: readonly string[]): string => `${words(lines)}table="lifeboat_$(printf %s "$line" | tr - _)"
case $act in
  cut) nft -f - <<RULES
table inet $table {
}
delete table inet $table
table inet $table {
  chain forward {
    type filter hook forward priority 0;
    iifname "$line" drop
    oifname "$line" drop
  }
}
RULES
  ;;
  heal) nft -f - <<RULES
table inet $table {
}
delete table inet $table
RULES
  ;;
  state) if nft list table inet "$table" >/dev/null 2>&1; then echo cut; else echo open; fi;;
  *) echo "cut, heal or state" >&2; exit 2;;
esac
`;
