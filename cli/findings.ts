import type { FindingChange } from '../workflows/wire.ts';
import { byWeight, isOverdue } from '../record/found.ts';
import { duration } from '../record/words.ts';
import { flag, text } from './arguments.ts';
import type { Arguments, Command } from './command.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { runbooksOption, runbooksPath } from './folder.ts';
import type { KnownFinding } from './known-findings.ts';
import { paint, plain, say, sayJson, table } from './print.ts';
import { asOption, who } from './who.ts';

const acts = ['assign', 'accept', 'close', 'reopen'] as const;
type Act = (typeof acts)[number];

const command: Command = {
  name: 'findings',
  summary: 'Lists what rehearsals and looks found and is not mended; assigns it, accepts the risk, closes it.',
  usage: '[SYSTEM] | assign|accept|close|reopen [SYSTEM] ID…',
  options: {
    all: { type: 'boolean', help: 'Closed ones too.' },
    owner: { type: 'string', value: 'NAME', help: 'assign: who mends it.' },
    due: { type: 'string', value: 'DATE', help: 'assign: until when, such as 2027-01-31.' },
    until: { type: 'string', value: 'DATE', help: 'accept: from then on it is open again.' },
    reason: { type: 'string', value: 'TEXT', help: 'Why; it is kept with who said it. accept and close need it.' },
    ...asOption,
    ...runbooksOption,
  },
  async run(args) {
    const [first, ...rest] = args.positionals;
    const act = acts.find((name) => name === first);
    if (act === undefined && rest.length > 0)
      throw usage(`findings takes one system; "${plain(first!)}" is no act.`, `Acts are ${acts.join(', ')}.`);
    const by = who(args);
    const change = act === undefined ? undefined : changeOf(act, args, by);
    // An id has slashes, a system's name has none.
    const [system, ids] = rest[0]?.includes('/') === false ? [rest[0], rest.slice(1)] : [undefined, rest];
    if (act !== undefined && ids.length === 0)
      throw usage(`findings ${act} needs the id of a finding.`, 'lifeboat findings lists them, such as orders-failover/promote/timeout.');
    const [{ connect }, { changeFindings, readFindings }] = await Promise.all([import('./connect.ts'), import('./known-findings.ts')]);
    const temporal = await connect(by, runbooksPath(args));
    try {
      const shown =
        change === undefined
          ? await readFindings(temporal, first, flag(args, 'all'))
          : await changeFindings(
              temporal,
              system,
              ids.map((id) => ({ ...change, id })),
            );
      if (flag(args, 'json')) sayJson(shown.map(({ system: name, finding }) => ({ system: name, ...finding })));
      else show(shown, Date.now());
      return exit.done;
    } finally {
      await temporal.close();
    }
  },
};

function changeOf(act: Act, args: Arguments, by: string): Omit<FindingChange, 'id'> {
  const [owner, due, until, reason] = ['owner', 'due', 'until', 'reason'].map((option) => text(args, option));
  for (const [option, date] of [
    ['due', due],
    ['until', until],
  ] as const)
    if (date !== undefined && (!/^\d{4}-\d\d-\d\d$/u.test(date) || Number.isNaN(Date.parse(date))))
      throw usage(`--${option} "${date}" is no date.`, 'Write it like 2027-01-31.');
  if (act === 'assign') {
    if (owner === undefined && due === undefined)
      throw usage('assign needs --owner or --due.', 'lifeboat findings assign ID --owner NAME --due DATE');
    return {
      by,
      ...(owner === undefined ? {} : { owner }),
      ...(due === undefined ? {} : { due: new Date(due).toISOString().slice(0, 10) }),
    };
  }
  if (act === 'accept' && Date.parse(until ?? '') <= Date.now())
    throw usage(`--until ${until} is over.`, 'Until then the risk is accepted.');
  if (act !== 'reopen' && (reason ?? '').trim() === '') throw usage(`${act} needs a reason.`, `lifeboat findings ${act} ID --reason "…"`);
  if (act === 'accept' && until === undefined)
    throw usage('A risk is accepted until a date.', 'lifeboat findings accept ID --until DATE --reason "…"');
  const is = act === 'accept' ? 'accepted' : act === 'close' ? 'closed' : 'open';
  return { by, state: { is, reason: reason ?? '', ...(until === undefined ? {} : { until: new Date(until).toISOString() }) } };
}

/** Open ones first, the weightiest and oldest of them first. */
function show(found: readonly KnownFinding[], now: number): void {
  if (found.length === 0) return say('Nothing is known that is to be mended.');
  const sorted = found.toSorted((one, other) => byWeight(one.finding, other.finding));
  const heads = ['system', 'weight', 'state', 'id', 'known for', 'owner', 'due', 'what'];
  const [head, ...lines] = table([heads, ...sorted.map((one) => rowOf(one, now))]);
  say(paint('dim', head!.trimEnd()));
  lines.forEach((line, place) => say(coloured(sorted[place]!.finding, line.trimEnd())));
}

function rowOf({ system, finding }: KnownFinding, now: number): string[] {
  const { id, state, weight, firstSeen, times, owner, due, word, text: what } = finding;
  const late = isOverdue(finding, new Date(now));
  const until = state === 'accepted' && word?.until != null ? ` until ${word.until.slice(0, 10)}` : '';
  return [
    plain(system),
    weight,
    `${state}${until}`,
    plain(id),
    `${duration(Math.max(0, now - Date.parse(firstSeen)))}, ${times}×`,
    owner === null ? 'nobody' : plain(owner),
    due === null ? '' : `${due.slice(0, 10)}${late ? ', late' : ''}`,
    brief(plain(what)),
  ];
}

/** Whole where nobody looks at a screen. */
const brief = (text: string): string => (process.stdout.isTTY && text.length > 100 ? `${text.slice(0, 99)}…` : text);

function coloured({ state, weight }: KnownFinding['finding'], line: string): string {
  if (state === 'closed') return paint('dim', line);
  return state === 'open' && weight === 'must' ? paint('red', line) : line;
}

export default command;
