import { text } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'sign-off',
  summary: 'Signs that somebody has read a record and what they say of it. The record itself never changes.',
  usage: 'RECORD… --key PRIVATE-KEY --words TEXT [--role ROLE]',
  options: {
    key: { type: 'string', value: 'FILE', help: 'Your own private key, made by lifeboat keys; whoever checks trusts its public half.' },
    words: { type: 'string', value: 'TEXT', help: 'What you say of the record, such as "Accepted; the two findings are assigned".' },
    role: { type: 'string', value: 'ROLE', help: 'As what you sign, such as "head of operations".' },
    ...asOption,
  },
  async run(args) {
    const [key, words = ''] = [text(args, 'key'), text(args, 'words')];
    if (args.positionals.length === 0) throw usage('sign-off needs a record.', 'lifeboat records lists them.');
    if (key === undefined)
      throw usage('sign-off needs your private key.', 'Make one with lifeboat keys FILE, and give it with --key FILE.');
    if (words.trim() === '') throw usage('sign-off needs what you say of the record.', 'Write it: --words "…"');
    const { signOff } = await import('./sign-off-record.ts');
    return await signOff(args.positionals, key, { by: who(args), role: text(args, 'role') ?? null, words: words.trim() });
  },
};

export default command;
