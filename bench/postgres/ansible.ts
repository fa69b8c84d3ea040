import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { down } from '../../lab/down.ts';
import { secret, secretFile, type Lab } from '../../lab/lab.ts';
import { packageRoot } from '../../lab/package-root.ts';
import { tools } from '../../lab/tools.ts';
import { up } from '../../lab/up.ts';
import { here } from './command.ts';
import { installed, python } from './installed.ts';
import { labPair } from './lab-pair.ts';
import type { Peer } from './peer.ts';

const packages = ['ansible-core==2.19.14'];

/** A playbook that takes the same steps in the same lab: look at the standby, cut the power and read it back, promote, check. */
export const ansible: Peer = {
  name: 'Ansible playbook',
  fence: 'power off, read back',
  proof: 'write read back',
  modes: ['told'],
  notes: {
    told: 'The same steps against the same controllers, facts not gathered, everything local. Nobody is asked, nothing is locked or recorded, and a playbook that dies half way starts again from nothing.',
  },
  async version() {
    const folder = await python(packages);
    return execFileSync(join(folder, 'bin/python'), [join(folder, 'bin/ansible-playbook'), '--version'], { encoding: 'utf8' }).split(
      '\n',
    )[0]!;
  },
  async up(folder) {
    const venv = await python(packages);
    const lab = await up({ folder: join(folder, 'lab'), tools: { ...(await tools()), postgres: installed() }, probe: false });
    const variables = join(lab.folder, 'playbook.json');
    writeFileSync(variables, JSON.stringify(variablesOf(lab)), { mode: 0o600 });
    const argv = [join(venv, 'bin/python'), join(venv, 'bin/ansible-playbook'), '-i', 'localhost,', '-e', `@${variables}`];
    const env = { ANSIBLE_HOME: lab.folder, ANSIBLE_LOCALHOST_WARNING: 'false', ANSIBLE_PYTHON_INTERPRETER: join(venv, 'bin/python') };
    return {
      ...labPair(lab),
      tell: () => here([...argv, join(packageRoot(), 'bench/postgres/failover.yaml')], { cwd: lab.folder, env }),
      down: async () => void (await down(lab.folder)),
    };
  },
};

function variablesOf(lab: Lab): object {
  const [primary, standby] = Object.values(lab.hosts);
  return {
    controller: `https://127.0.0.1:${primary!.controller!.port}/redfish/v1/Systems/a-db`,
    controller_password: secret(lab, 'controller-a-db'),
    certificate: secretFile(lab, 'controllers.pem'),
    psql: join(installed(), 'psql'),
    port: standby!.seenFrom['site-b']![5432],
    login: 'lifeboat',
    password: secret(lab, 'lifeboat'),
  };
}
