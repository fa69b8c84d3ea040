import type { Provable, ReturnInput, SystemState, Tidings } from '../../workflows/wire.ts';
import { controlQueue, runId, systemId } from '../../workflows/wire.ts';
import type { Director } from './actors.ts';
import type { Proof, Told } from './expected.ts';
import type { Scene } from './story.ts';
import type { Theatre } from './theatre.ts';

/** A scene that was played. */
export interface Played extends Scene {
  /** Null: it was missed. */
  readonly verdict: string | null;
}
export interface Year {
  readonly played: readonly Played[];
  readonly proofs: readonly Proof[];
  readonly told: readonly Told[];
  /** Findings as they came and went. */
  readonly findings: readonly { readonly at: number; readonly id: string; readonly state: string }[];
  /** When the system first knew what is promised. */
  readonly known: number;
  readonly wrongs: readonly string[];
}

/** Who plays, and what they say. */
export class Prompter implements Director {
  readonly told: Told[] = [];
  readonly #failing = new Set<string>();
  readonly #returned = new Map<string, ReturnInput>();

  fails = (run: string): boolean => this.#failing.has(run);
  willFail = (run: string): unknown => this.#failing.add(run);

  returns = (run: string, told: ReturnInput): unknown => this.#returned.set(run, told);
  /** How a run told the system that it ended. */
  returned = (run: string): ReturnInput | undefined => this.#returned.get(run);

  hears({ event, title }: Tidings, at: number): void {
    if (event !== 'unproven' && event !== 'proven again') return;
    const what = /: (?<what>[a-z]+) is (?:not proven|proven again)/u.exec(title)?.groups?.['what'] as Provable;
    this.told.push({ what, event, at });
  }
}

/** Plays every scene at its time, one after another, and lets the year end. */
export async function play(theatre: Theatre, prompter: Prompter, system: string, all: readonly Scene[], end: number): Promise<Year> {
  await theatre.client.workflow.start('system', { workflowId: systemId(system), taskQueue: controlQueue, args: [system] });
  const standing = theatre.client.workflow.getHandle(systemId(system));
  const stateOf = (): Promise<SystemState> => standing.query<SystemState>('state');
  const year: { [part in 'played' | 'proofs' | 'findings' | 'wrongs']: Writable<Year[part]> } = {
    played: [],
    proofs: [],
    findings: [],
    wrongs: [],
  };
  const lastOf = new Map<string, { readonly run: string; readonly verdict: string }>();
  for (const scene of all) {
    const { begins, entry, fails, ordinary } = scene;
    if (begins === null) {
      year.played.push({ ...scene, verdict: null });
      continue;
    }
    await theatre.passUntil(begins);
    const before = lastOf.get(entry.name);
    const told = ordinary && before ? again(prompter.returned(before.run)!, before.run, begins) : null;
    if (told) await standing.executeUpdate('return', { args: [told] });
    const ended = told ? { run: before!.run, verdict: before!.verdict, endedAt: begins } : await carryOut(theatre, prompter, scene);
    const well = ['rehearsed', 'proven', 'ready'].includes(ended.verdict);
    if (well) lastOf.set(entry.name, ended);
    if (well) year.proofs.push({ what: entry.kind, at: ended.endedAt });
    if (well === fails) year.wrongs.push(`${ended.run} ended "${ended.verdict}"`);
    year.played.push({ ...scene, verdict: ended.verdict });
    if (entry.kind === 'rehearsal') year.findings.push(...news(year.findings, (await stateOf()).findings ?? [], ended.endedAt));
  }
  await theatre.passUntil(end);
  const { promisedSince = {}, alarms = [], findings = [] } = await stateOf();
  const open = findings.filter(({ state }) => state === 'open').map(({ id }) => id);
  if (open.length > 0) year.wrongs.push(`findings are open at the end: ${open.join(', ')}`);
  if (alarms.length > 0) year.wrongs.push(`alarms stand at the end: ${alarms.map(({ what }) => what).join(', ')}`);
  return { ...year, told: prompter.told, known: Math.min(end, ...Object.values(promisedSince).map((at) => Date.parse(at))) };
}
type Writable<List> = List extends readonly (infer Item)[] ? Item[] : never;

async function carryOut(theatre: Theatre, prompter: Prompter, { entry: { kind, input }, begins, fails }: Scene) {
  const run = `${runId(kind, input.system)}-${new Date(begins!).toISOString().slice(0, 19)}Z`;
  if (fails) prompter.willFail(run);
  await theatre.client.workflow.start(kind, { workflowId: run, taskQueue: controlQueue, args: [input], workflowTaskTimeout: '3 seconds' });
  return { run, ...(await theatre.end(run)) };
}

/** What a run told the system, as the same run at another time would. */
function again(told: ReturnInput, run: string, at: number) {
  const iso = new Date(at).toISOString();
  const backups = told.backups?.map((one) => ({
    ...one,
    backups: one.backups.map((backup) => ({ ...backup, label: `${backup.label}@${iso}`, at: iso, provenAt: backup.provenAt && iso })),
  }));
  return { ...told, ...(backups === undefined ? {} : { backups }), workflowId: run, runId: iso };
}

/** Findings that are not as they were last heard of. */
function news(heard: Year['findings'], findings: NonNullable<SystemState['findings']>, at: number): Writable<Year['findings']> {
  const before = (id: string): string => heard.findLast((one) => one.id === id)?.state ?? 'closed';
  return findings.filter(({ id, state }) => state !== before(id)).map(({ id, state }) => ({ at, id, state }));
}
