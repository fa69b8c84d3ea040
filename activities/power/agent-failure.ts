import type { PowerFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';

/** What an agent's complaint means. Agents have no codes: the words of their library and of the tools beneath them are read. */
export function agentFailure(name: string, { driver, address }: PowerFacts, stderr: string): StepError {
  const said = lastWords(stderr);
  if (/RAKP 2|unauthorized name|password|privilege|\b40[13]\b|authentication/i.test(loginWords(stderr)))
    return new StepError(
      'power-login',
      `The controller of ${name} refuses the login (${said}): correct \`power.user\` and the secret that \`power.password\` names.`,
      'person',
    );
  if (/certificate|SSL/i.test(stderr))
    return new StepError(
      'power-certificate',
      `The controller of ${name} shows a certificate that is not trusted (${said}): pin it as \`power.certificate\`.`,
      'person',
    );
  if (/unknown (option|parameter)|you have to|must be|choice|parse error|failed: (unrecognised|unknown) action/i.test(stderr))
    return new StepError('power-options', `${driver} does not take what the inventory gives it for ${name}: ${said}`, 'mistake');
  if (/^Traceback/m.test(stderr))
    return new StepError(
      'power-refused',
      `${driver} did not understand what the controller of ${name} answers (${stderr.trim().split('\n').at(-1)?.slice(0, 100)}): often its login is refused. Check \`power.user\`, the secret that \`power.password\` names and \`power.address\`.`,
      'person',
    );
  return new StepError('power-unreachable', `The controller of ${name} at ${address} does not answer ${driver} (${said}).`);
}

/** Python's `urllib3` names the password manager in tracebacks of lost connections: only complaints are read for words about logins. */
function loginWords(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/Executing:|^\s+File |InsecureRequestWarning/.test(line))
    .join('\n');
}

function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^[\d-]+ [\d:,]+ [A-Z]+: /, '').trim())
    .filter((line) => line !== '' && !/^(Executing:|Please use '-h'|\d? ?Loading IANA)/.test(line));
  return (lines.slice(0, 2).join(' ') || 'it gave no reason').slice(0, 300);
}
