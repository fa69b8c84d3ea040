import type { LineFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';

/** Longest that a device may take for one question or one order, milliseconds. */
const patience = 4_000;

export type LineState = 'cut' | 'open';

/** Reads a line's state from its device. What the device prints besides is not read. */
export async function lineState(line: LineFacts, what: string, context: StepContext): Promise<LineState> {
  const answer = await tell(line, line.state, context);
  const word = answer.stdout.trim();
  if (word === 'cut' || word === 'open') return word;
  const said = (answer.stderr.trim() || word).slice(0, 200);
  throw new StepError(
    'line-unread',
    `${line.device.name} does not say whether ${what} is cut: \`${line.state.join(' ')}\` must print \`cut\` or \`open\`, and printed "${said}" (exit code ${answer.code}).`,
    'person',
  );
}

/** Cuts or opens a line where it is not so already, and reads back that it is. */
export async function setLine(line: LineFacts, wanted: LineState, what: string, context: StepContext): Promise<void> {
  if ((await lineState(line, what, context)) === wanted) return;
  await context.stillOurs();
  const answer = await tell(line, wanted === 'cut' ? line.cut : line.heal, context).catch((error: unknown) => {
    // An answer that was lost says nothing of the line: its state decides.
    if (error instanceof StepError && error.remedy === 'again' && !context.signal.aborted) return undefined;
    throw error;
  });
  const state = await lineState(line, what, context);
  if (state === wanted) return;
  const said = answer?.stderr.trim().slice(0, 200);
  throw new StepError(
    'line-unchanged',
    `${line.device.name} was told that ${what} shall be ${wanted}, and says that it is ${state}${said ? `: ${said}` : ''}.`,
  );
}

function tell(line: LineFacts, argv: readonly string[], context: StepContext) {
  return beating(context, run(line.device, argv, { deadline: patience, signal: context.signal, viewpoint: context.viewpoint }));
}
