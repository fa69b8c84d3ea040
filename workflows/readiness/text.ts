import type { Look, Readiness } from '../wire.ts';

/** The page of a look in the Temporal UI, as Markdown; it travels in a query string, so it is short. Pure. */
export function readinessText({ system, ready, because, accepted, at, looks }: Readiness): string {
  const soon = looks.flatMap(({ problems }) => problems.filter(({ weight }) => weight !== 'must').map(({ text }) => text));
  const well = looks.filter(({ problems }) => problems.length === 0);
  const list = (title: string, items: readonly string[], most: number): string[] =>
    items.length === 0
      ? []
      : [
          `### ${title}`,
          ...items.slice(0, most).map((item) => `- ${cut(item)}`),
          ...(items.length > most ? [`- … and ${items.length - most} more`] : []),
        ];
  return [
    `## ${system} is ${ready ? 'ready' : 'not ready'}`,
    `Looked at ${at}: ${looks.length} things, ${looks.length - well.length} of them with something to mend.`,
    ...list('Not ready because', because, 12),
    ...list('To be mended soon', [...new Set(soon)], 6),
    ...list('Accepted by people', accepted, 4),
    '### Well',
    named(well),
  ]
    .join('\n')
    .slice(0, 4_000);
}

const cut = (text: string): string => (text.length <= 240 ? text : `${text.slice(0, 239)}…`);

function named(looks: readonly Look[]): string {
  const names = looks.map(({ subject }) => subject);
  return names.length <= 30 ? names.join(', ') : `${names.slice(0, 30).join(', ')} and ${names.length - 30} more`;
}
