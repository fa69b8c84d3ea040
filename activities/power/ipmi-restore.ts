import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { agentFailure } from './agent-failure.ts';
import { parametersOf } from './agent-parameters.ts';
import type { RestorePolicy, RestoreSetting } from './restore-policy.ts';
import { ownTool } from '../tool/own.ts';

const words: { readonly [word: string]: RestorePolicy } = {
  'always-on': 'always-on',
  'always-off': 'always-off',
  previous: 'last-state',
};

/** IPMI's setting of what the machine does when mains power returns, by ipmitool: the agents do not know it. */
export function ipmiRestore(host: HostFacts, facts: PowerFacts, ask: Asker): RestoreSetting {
  return {
    async read() {
      const said = await chassis(['status'], host, facts, ask);
      const word = /^Power Restore Policy\s*: (\S+)/m.exec(said.stdout)?.[1];
      if (word !== undefined) return Object.hasOwn(words, word) ? words[word] : undefined;
      throw agentFailure(host.name, facts, said.stderr);
    },
    async set(policy) {
      await chassis(['policy', Object.keys(words).find((word) => words[word] === policy)!], host, facts, ask);
    },
  };
}

async function chassis(command: readonly string[], host: HostFacts, facts: PowerFacts, ask: Asker) {
  const { ip = '', ipport = '623', username = '', cipher = '3', lanplus = '1' } = parametersOf(host.name, facts);
  const password = facts.password === undefined ? '' : await ask.secret(facts.password);
  const login = ['-I', lanplus === '0' ? 'lan' : 'lanplus', '-C', cipher, '-H', ip, '-p', ipport, '-U', username, '-f', '/dev/stdin'];
  const argv = ['ipmitool', ...login, '-N', '1', '-R', '2', 'chassis', ...command];
  return ownTool(argv, { ask, within: 4_000, input: password, hide: password || undefined });
}
