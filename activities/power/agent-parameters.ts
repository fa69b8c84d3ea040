import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { ownTool } from '../tool/own.ts';

/** Agents that are one program over ipmitool. */
const ipmi = ['fence_ipmilan', 'fence_ipmilanplus', 'fence_ilo3', 'fence_ilo4', 'fence_ilo5', 'fence_imm', 'fence_idrac'];
/** What the inventory says elsewhere, or the driver says itself, by the agents' names old and new. */
const reserved = ['action', 'ip', 'ipaddr', 'username', 'login', 'password', 'passwd', 'plug', 'port', 'power_wait', 'power_timeout'];

export function speaksIpmi(driver: string): boolean {
  return ipmi.includes(driver);
}

/** The agent's parameters, by its own names, without the password. */
export function parametersOf(name: string, facts: PowerFacts): { readonly [parameter: string]: string } {
  const { options = {}, user, system, certificate } = facts;
  for (const option of Object.keys(options))
    if (reserved.includes(option))
      throw new StepError(
        'power-options',
        `The inventory gives the controller of ${name} the option ${option}, which has a field of its own (\`address\`, \`user\`, \`password\`, \`system\`) or is set by the driver: take it out of \`power.options\`.`,
        'mistake',
      );
  return {
    ...address(name, facts.address),
    ...(user === undefined ? {} : { username: user }),
    ...(system === undefined ? {} : { plug: system }),
    ...(certificate === undefined ? {} : { ssl: '1', ssl_secure: '1' }),
    // Without it ipmitool spends ten seconds on asking the controller for its cipher suites.
    ...(speaksIpmi(facts.driver) ? { lanplus: '1', cipher: '3' } : {}),
    ...options,
  };
}

/** Holds the parameters to the agent's own description of itself. */
export async function checkParameters(host: HostFacts, facts: PowerFacts, ask: Asker): Promise<readonly string[]> {
  const parameters = parametersOf(host.name, facts);
  const { stdout } = await ownTool([facts.driver, '--action=metadata'], { ask, within: 5_000, env: { PYTHONWARNINGS: 'ignore' } });
  const known = [...stdout.matchAll(/<parameter name="([^"]+)"/g)].map(([, name]) => name!);
  if (known.length === 0)
    throw new StepError('power-agent', `${facts.driver} does not describe its parameters: is it a fence agent?`, 'person');
  const strange = Object.keys(parameters).find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new StepError(
      'power-options',
      `${facts.driver} has no parameter ${strange}, and the inventory gives it one for ${host.name}${strange === 'plug' ? ' (`power.system`)' : ''}. It has: ${known.join(', ')}.`,
      'mistake',
    );
  return [`${facts.driver} takes the parameters that the inventory gives for ${host.name}.`];
}

/** `10.0.0.1`, `10.0.0.1:16231`, `[2001:db8::1]:623`, or an https URL. */
function address(name: string, text: string): { ip: string; ipport?: string } {
  const url = URL.canParse(text) && /^https?:/.test(text) ? new URL(text) : undefined;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d+))?$/.exec(url?.host ?? text);
  const ip = match?.[1] ?? match?.[2];
  // Some agents join the address to a command line of their own: it must not look like an option.
  if (ip === undefined || ip.startsWith('-'))
    throw new StepError('power-address', `The controller of ${name} has the address "${text}": write ADDRESS or ADDRESS:PORT.`, 'mistake');
  const port = match?.[3] ?? (url?.protocol === 'https:' ? '443' : undefined);
  return { ip, ...(port === undefined ? {} : { ipport: port }) };
}
