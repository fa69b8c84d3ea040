import type { HandCommand } from '../by-hand/command.ts';
import { secretWord } from '../by-hand/shell.ts';
import { quote } from '../host/quote.ts';
import { serverOf } from './fields.ts';
import { goal, type Input } from './update-input.ts';

/** Changes the record at its name server, signed, and asks that server and every resolver for it. */
export function updateByHand(wanted: Input): HandCommand[] {
  const { name, zone, type, ttl, server, resolvers, key, algorithm, secret } = wanted;
  const value = type === 'CNAME' ? `${goal(wanted)}.` : goal(wanted);
  const { address, port } = serverOf(server)!;
  const lines = [
    `server ${address} ${port}`,
    `zone ${zone}.`,
    `update delete ${name}. ${type}`,
    `update add ${name}. ${ttl} ${type} ${value}`,
    'send',
  ];
  // The secret is base64, or a key file of BIND that holds it; either way it goes by a file descriptor, and is no argument.
  const read = `key=${secretWord(secret)}; case "$key" in *secret*) ;; *) key="key \\"${key}\\" { algorithm ${algorithm}; secret \\"$key\\"; };" ;; esac`;
  return [
    { run: `${read}; printf '%s\\n' ${lines.map(quote).join(' ')} | nsupdate -k <(printf '%s\\n' "$key")`, shows: 'no error' },
    ...[server, ...resolvers.filter((one) => one !== server)].map((one) => {
      const asked = serverOf(one)!;
      return {
        run: `dig +short +tries=1 @${asked.address} -p ${asked.port} ${quote(name)} ${type}`,
        shows: `\`${value}\`; a resolver may keep the old one for as long as its time to live says`,
      };
    }),
  ];
}
