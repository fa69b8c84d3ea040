import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import type { Controller } from './controller.ts';
import { agentFailure } from './agent-failure.ts';
import { checkParameters, parametersOf, speaksIpmi } from './agent-parameters.ts';
import { ipmiRestore } from './ipmi-restore.ts';
import { ownTool } from '../tool/own.ts';
import { withSecretFile } from '../tool/secret-file.ts';

/** How long an agent may try to read the state, and to carry out a press, seconds. It ends itself then, and is ended 2 s later. */
const patience = { status: 4, on: 10, off: 10 };
const words = { ON: { state: 'on', word: 'On' }, OFF: { state: 'off', word: 'Off' } } as const;

/**
 * A controller behind one of the fence-agents programs (`fence_ipmilan`, `fence_apc`, …), run on the worker's machine.
 * Parameters go to it on standard input. Its exit code and its success are hints: the state is read back by whoever presses.
 */
export function agent(host: HostFacts, ask: Asker): Controller {
  const facts = host.power as PowerFacts;
  return {
    async state() {
      const said = await call('status', host, facts, ask);
      const word = /^Status: (ON|OFF)\s*$/m.exec(said.stdout)?.[1] as keyof typeof words | undefined;
      if (word) return words[word];
      if (said.code === 0 || said.code === 2) return { state: 'other', word: said.stdout.trim().slice(0, 40) || 'nothing' };
      throw agentFailure(host.name, facts, said.stderr);
    },
    async press(wanted) {
      const said = await call(wanted, host, facts, ask);
      if (said.code !== 0) throw agentFailure(host.name, facts, said.stderr);
    },
    check: () => checkParameters(host, facts, ask),
    ...(speaksIpmi(facts.driver) ? { restore: ipmiRestore(host, facts, ask) } : {}),
  };
}

async function call(action: 'status' | 'on' | 'off', host: HostFacts, facts: PowerFacts, ask: Asker) {
  const password = facts.password === undefined ? undefined : await ask.secret(facts.password);
  const seconds = patience[action];
  const own: { readonly [parameter: string]: string } = {
    ...parametersOf(host.name, facts),
    action,
    power_wait: '0',
    power_timeout: String(seconds),
  };
  const with_ = (parameters: { readonly [name: string]: string }) =>
    ownTool([facts.driver], {
      ask,
      within: (seconds + 2) * 1_000,
      input: lines(parameters, host.name),
      env: environment(facts),
      hide: password,
    });
  if (password === undefined) return with_(own);
  if (!speaksIpmi(facts.driver)) return with_({ ...own, password });
  // The agent would hand the password to ipmitool as an argument, for all to see; ipmitool takes it from a file as well, and
  // the agent passes its timeout on as it is. ipmitool says only when it is asked to tell more whether a login was refused.
  return withSecretFile(password, (path) =>
    with_({ ...own, ipmitool_timeout: `${own['ipmitool_timeout'] ?? 1} -f ${path}`, verbose: '1', verbose_level: '2' }),
  );
}

function lines(parameters: { readonly [name: string]: string }, name: string): string {
  return Object.entries(parameters)
    .map(([key, value]) => {
      if (!/[\r\n\0]/.test(value)) return `${key}=${value}\n`;
      throw new StepError('power-parameter', `The value of ${key} for the controller of ${name} has a line break in it.`, 'mistake');
    })
    .join('');
}

function environment({ certificate }: PowerFacts): { readonly [name: string]: string } {
  return { PYTHONWARNINGS: 'ignore', ...(certificate === undefined ? {} : { REQUESTS_CA_BUNDLE: certificate }) };
}
