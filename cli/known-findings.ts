import { systemId, type Finding, type FindingChange, type Summary, type SystemState } from '../workflows/wire.ts';
import { repeat } from '../worker/repeat.ts';
import { explain, reason, type Temporal } from './connect.ts';
import { refused, usage } from './failure.ts';
import { knownSystems } from './known-systems.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

export interface KnownFinding {
  readonly system: string;
  readonly finding: Finding;
}

/** Systems that are asked at once: a worker may have to replay each. */
const width = 20;

/** Findings of a system, or of all that Temporal knows. A worker has to be alive. `closed`: those that are closed too. */
export async function readFindings(temporal: Temporal, system: string | undefined, closed: boolean): Promise<readonly KnownFinding[]> {
  const known = await knownSystems(temporal);
  if (system !== undefined && !known.has(system))
    throw usage(
      `Temporal knows no system ${plain(system)}.${didYouMean(system, known.keys())}`,
      'lifeboat status lists those that it knows: every run makes its system known.',
    );
  const asked = [...known].filter(([name, summary]) => (system === undefined ? closed || hasAny(summary) : name === system));
  const found: KnownFinding[] = [];
  const one = async (): Promise<void> => {
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      const [name] = next;
      const { findings = [] } = await stateOf(temporal, name);
      found.push(...findings.filter(({ state }) => closed || state !== 'closed').map((finding) => ({ system: name, finding })));
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  return found;
}

/** Where no system is named, the findings are looked for in all. Returns them as they are then. */
export async function changeFindings(
  temporal: Temporal,
  system: string | undefined,
  changes: readonly FindingChange[],
): Promise<readonly KnownFinding[]> {
  const known = await readFindings(temporal, system, true);
  const placed = changes.map((change) => ({ change, system: placeOf(change.id, known) }));
  for (const { change, system: name } of placed)
    await temporal
      .within(8_000, () =>
        repeat(Date.now() + 8_000, () => temporal.client.workflow.getHandle(systemId(name)).executeUpdate('finding', { args: [change] })),
      )
      .catch((error: unknown) => {
        if ((error as Error).name === 'WorkflowUpdateFailedError') throw refused(reason(error), 'lifeboat findings lists them.');
        throw explain(error, `changing ${change.id}`, temporal.address);
      });
  const systems = [...new Set(placed.map(({ system: name }) => name))];
  const now = await Promise.all(systems.map((name) => readFindings(temporal, name, true)));
  return now.flat().filter(({ finding }) => changes.some(({ id }) => id === finding.id));
}

function placeOf(id: string, known: readonly KnownFinding[]): string {
  const [first, ...more] = known.filter(({ finding }) => finding.id === id).map(({ system }) => system);
  if (first === undefined) {
    const ids = known.map(({ finding }) => finding.id);
    throw refused(`There is no finding ${plain(id)}.${didYouMean(id, ids)}`, 'lifeboat findings lists them.');
  }
  if (more.length > 0)
    throw usage(
      `${plain(id)} is a finding of ${[first, ...more].join(', ')}.`,
      'Name the system before it: lifeboat findings ACT SYSTEM ID',
    );
  return first;
}

function stateOf(temporal: Temporal, system: string): Promise<SystemState> {
  const query = (): Promise<SystemState> => temporal.client.workflow.getHandle(systemId(system)).query<SystemState>('state');
  return temporal.within(5_000, query).catch((error: unknown) => {
    throw explain(error, `reading the findings of ${system}`, temporal.address);
  });
}

const hasAny = (summary: Summary | null): boolean => summary === null || summary.findings.open + summary.findings.accepted > 0;
