import { flag } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';

const command: Command = {
  name: 'verify',
  summary: 'Checks records offline: that none was edited, taken away, exchanged, or written by a stranger.',
  usage: 'RECORD…|FOLDER… --key PUBLIC-KEY [--signer NAME=PUBLIC-KEY] [--head HEAD]',
  options: {
    key: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      help: 'Public key with which records are signed, PEM; may be given several times. Default: LIFEBOAT_RECORD_KEY.',
    },
    signer: {
      type: 'string',
      multiple: true,
      value: 'NAME=FILE',
      help: 'Who may sign records off, and the public key of that person, PEM; may be given several times.',
    },
    head: {
      type: 'string',
      multiple: true,
      value: 'HEAD',
      help: 'The newest record as it is known from elsewhere, such as a notification: SYSTEM:COUNT:DIGEST, or a file of JSON.',
    },
  },
  async run(args) {
    if (args.positionals.length === 0)
      throw usage('verify needs a record, or a folder of records.', 'lifeboat verify FOLDER --key record.key.pub');
    const { verify } = await import('./verify-records.ts');
    const many = (option: string): string[] => (args.values[option] as string[] | undefined) ?? [];
    const fallback = process.env['LIFEBOAT_RECORD_KEY'];
    const keys = many('key').length > 0 || fallback === undefined ? many('key') : [fallback];
    if (keys.length === 0)
      throw usage('verify needs the public key with which records were signed.', 'Give it with --key FILE, or LIFEBOAT_RECORD_KEY.');
    return await verify(args.positionals, { keys, signers: many('signer'), heads: many('head') }, flag(args, 'json'));
  },
};

export default command;
