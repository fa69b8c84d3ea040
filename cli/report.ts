import { flag, optional, text } from './arguments.ts';
import type { Command } from './command.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import { asOption, who } from './who.ts';

const command: Command = {
  name: 'report',
  summary: 'Builds the record of a run again, from its history alone.',
  usage: 'RUN|SYSTEM | --history FILE [--out FILE] [--pdf FILE]',
  options: {
    history: { type: 'string', value: 'FILE', help: 'A history as JSON, as `temporal workflow show -o json` and the UI export it.' },
    out: { type: 'string', value: 'FILE', help: 'Writes the report, a page for browsers, to this file; with --json the record.' },
    pdf: { type: 'string', value: 'FILE', help: 'Prints the report as a PDF into this file; needs a Chromium.' },
    ...asOption,
    ...runbooksOption,
  },
  async run(args) {
    const name = optional(args, 'report');
    const file = text(args, 'history');
    if (name !== undefined && file !== undefined)
      throw usage('report takes a run or --history FILE, not both.', 'See: lifeboat report --help');
    const { fromFile, fromServer } = await import('./history.ts');
    const history = file === undefined ? await fromServer(who(args), runbooksPath(args), name) : await fromFile(file);
    const { writeReport } = await import('./write-report.ts');
    return await writeReport(history, { json: flag(args, 'json'), out: text(args, 'out'), pdf: text(args, 'pdf') });
  },
};

export default command;
