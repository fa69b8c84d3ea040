import type { HostFacts, PowerFacts } from '../../plan/plan.ts';
import type { HandCommand, HandFacts } from '../by-hand/command.ts';
import { greeting, secretWord } from '../by-hand/shell.ts';
import { quote } from '../host/quote.ts';
import { parametersOf, speaksIpmi } from './agent-parameters.ts';

/** Cuts the power, and proves by a second signal that the host is gone. */
export function offByHand({ host: name }: { readonly host: string }, { host: find, viewpoint }: HandFacts): HandCommand[] {
  const host = find(name);
  if (host.power === undefined) return [];
  const { press, read, off } = host.power.driver === 'redfish' ? byRedfish(host.power, 'ForceOff') : byAgent(host, host.power, 'off');
  return [
    { run: press, shows: 'no error' },
    { run: read, shows: `${off}; it may take some seconds` },
    { run: greeting(host, host.alive, viewpoint), shows: `\`silent\`: ${name} gives no sign of life` },
    ...(host.witness === undefined
      ? []
      : [
          {
            run: greeting({ name: `the witness at ${host.site}`, views: host.witness.views }, host.witness.port, viewpoint),
            shows: `a greeting: the line to ${host.site} is not cut, so ${name} is off and not only out of sight`,
          },
        ]),
  ];
}

interface Switch {
  readonly press: string;
  readonly read: string;
  readonly off: string;
}

function byRedfish({ address, user, password, certificate, system }: PowerFacts, order: string): Switch {
  // The password goes by a file descriptor: an argument could be read by whoever lists processes.
  const login =
    user === undefined ? '' : ` --config <(printf 'user = "%s:%s"' ${quote(user)} ${password === undefined ? '""' : secretWord(password)})`;
  const pinned =
    certificate === undefined
      ? ''
      : ` --insecure --pinnedpubkey "sha256//$(openssl x509 -in ${quote(certificate)} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)"`;
  const curl = `curl --silent --show-error --fail --max-time 10${pinned}${login}`;
  const base = address.replace(/\/$/, '');
  const path =
    system === undefined
      ? `"$(${curl} ${quote(`${base}/redfish/v1/Systems`)} | grep -o '/redfish/v1/Systems/[^"]*' | head -n 1)"`
      : quote(`/redfish/v1/Systems/${system}`);
  const found = `machine=${path}`;
  return {
    press: `${found}; ${curl} -H 'Content-Type: application/json' -d '{"ResetType":"${order}"}' ${quote(base)}"$machine"/Actions/ComputerSystem.Reset`,
    read: `${found}; ${curl} ${quote(base)}"$machine" | grep -o '"PowerState": *"[^"]*"'`,
    off: '`"PowerState": "Off"`',
  };
}

function byAgent({ name }: HostFacts, facts: PowerFacts, order: string): Switch {
  const parameters = Object.entries(parametersOf(name, facts));
  const { ip = '', ipport = '623', username = '' } = Object.fromEntries(parameters);
  const secret = facts.password === undefined ? '""' : secretWord(facts.password);
  if (speaksIpmi(facts.driver)) {
    const tool = `IPMITOOL_PASSWORD=${secret} ipmitool -I lanplus -C 3 -H ${quote(ip)} -p ${quote(ipport)} -U ${quote(username)} -E chassis power`;
    return { press: `${tool} ${order}`, read: `${tool} status`, off: '`Chassis Power is off`' };
  }
  // An agent reads its parameters from standard input, the password too.
  const lines = parameters.map(([key, value]) => quote(`${key}=${value}`)).join(' ');
  const agent = (action: string): string => `printf '%s\\n' ${lines} action=${action} password=${secret} | ${quote(facts.driver)}`;
  return { press: agent(order), read: agent('status'), off: 'that it is OFF' };
}
