/** What somebody is told. */
export interface Message {
  readonly event: string;
  readonly system: string;
  /** The same at each attempt: by it a receiver knows a repetition. */
  readonly key: string;
  readonly title: string;
  /** A sentence or a line each. */
  readonly text: readonly string[];
  /** What whoever reads it may type. */
  readonly commands: readonly string[];
  /** Workflow id of what it is about. */
  readonly run: string;
  /** Address of its page; null: where the Temporal UI is, is not known. */
  readonly link: string | null;
  /** Head of the chain of the system's records, in one line; null: there is none. */
  readonly head: string | null;
}

/** For programs: every field by its name. */
export function asJson({ title, ...rest }: Message): string {
  return JSON.stringify({ message: title, ...rest });
}

/** For a chat that takes what Slack takes. */
export function asSlack({ title, text, commands, run, link, head }: Message): string {
  const lines = [
    `*${escaped(oneLine(title))}*`,
    ...text.map(escaped),
    ...commands.map((command) => `\`${escaped(command).replaceAll('`', "'")}\``),
    link === null ? `Run: ${escaped(run)}` : `<${escaped(link).replaceAll('|', '%7C')}|${escaped(run)}>`,
    ...(head === null ? [] : [`_Newest record: ${escaped(head)}_`]),
  ];
  return JSON.stringify({ text: lines.join('\n') });
}

/** Subject and body of an e-mail. */
export function asMail({ title, text, commands, run, link, head }: Message): { readonly subject: string; readonly text: string } {
  const parts = [
    text.join('\n'),
    commands.length === 0 ? '' : `In a terminal:\n\n${commands.map((command) => `    ${command}`).join('\n')}`,
    link === null ? `Run: ${run}` : `Run ${run}: ${link}`,
    head === null ? '' : `Newest record, for lifeboat verify --head:\n${head}`,
  ];
  return { subject: oneLine(title), text: `${parts.filter((part) => part !== '').join('\n\n')}\n` };
}

/** Characters that Slack reads as its own. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim().slice(0, 200);
}
