import { activityInfo, log } from '@temporalio/activity';
import { modesOf } from '../../plan/analysis.ts';
import { compile } from '../../plan/compile.ts';
import { checklist } from '../../plan/export.ts';
import { siteFacts, systemFacts, waysOf } from '../../plan/facts.ts';
import type { RunbookFile } from '../../plan/load.ts';
import { PlanError } from '../../plan/problem.ts';
import { revisionOf } from '../../plan/revision.ts';
import { awsSites, cloudOf } from '../cloud.ts';
import { load, type Loaded } from '../run/folder.ts';
import type { Site } from '../site.ts';
import { openStore } from './open.ts';
import type { RecordStore } from './store.ts';

/** For all of a system's pages, where something else waits for them; milliseconds. */
const patience = 2_000;

/**
 * Writes the checklists of a system's runbooks, each way that they can go, into a store, where they are not what is there: people
 * follow them where there is no Temporal. Stops at `until`, milliseconds since 1970; the next run goes on.
 */
export async function renewChecklists(store: RecordStore, site: Site, system: string, until: number): Promise<void> {
  const [folder, revision] = await Promise.all([load(site.runbooks), revisionOf(site.runbooks)]);
  const facts = systemFacts(folder.inventory.data, system);
  if (facts === undefined) return;
  const ways = waysOf(facts);
  const runbooks = folder.runbooks.filter(({ data }) => data.system === system);
  const index: string[] = [];
  for (const runbook of runbooks)
    for (const [source, target] of ways) {
      if (Date.now() > until) return;
      if (runbook.data.target !== undefined && runbook.data.target !== target) continue;
      const name = `${runbook.data.runbook}-from-${source}-to-${target}.md`;
      const page = pageOf(folder, runbook, site, { source, target, ...(revision === undefined ? {} : { revision }) });
      if ('problem' in page) {
        index.push(`- ${name}: cannot be made: ${page.problem}`);
        continue;
      }
      index.push(`- [${name}](${name}): plan \`${page.digest.slice(0, 12)}\``);
      await renew(store, `checklists/${system}/${name}`, page.text);
    }
  // What is not in this list belongs to a runbook that is no more.
  await renew(store, `checklists/${system}/README.md`, [`# Checklists of ${system}`, '', ...index, ''].join('\n'));
}

/** The same in the store of the worker's own site; where there is none, or it cannot be written, the next run tries again. */
export async function renewOwnChecklists(site: Site, { inventory }: Loaded, system: string, signal: AbortSignal): Promise<void> {
  const sites = siteFacts(inventory.data);
  const { records } = sites[site.site] ?? {};
  if (records === undefined) return;
  const store = openStore(records, { ...cloudOf(awsSites(sites), activityInfo().workflowExecution!.workflowId), signal });
  await renewChecklists(store, site, system, Date.now() + patience).catch((error: unknown) =>
    log.warn(`the checklists of ${system} in ${store.where}: ${error instanceof Error ? error.message : String(error)}`),
  );
}

interface Way {
  readonly source: string;
  readonly target: string;
  readonly revision?: string;
}

function pageOf(
  { inventory, runbooks }: Loaded,
  runbook: RunbookFile,
  { types }: Site,
  way: Way,
): { readonly text: string; readonly digest: string } | { readonly problem: string } {
  try {
    const plan = compile({ runbook, runbooks, inventory, types, ...way });
    const pages = modesOf(plan.kind).map((mode) => checklist(plan, mode, types));
    return { text: pages.join('\n\n---\n\n'), digest: plan.digest };
  } catch (error) {
    if (error instanceof PlanError) return { problem: error.message.replaceAll(/\s+/gu, ' ').slice(0, 300) };
    throw error;
  }
}

async function renew(store: RecordStore, name: string, text: string): Promise<void> {
  if ((await store.read(name)) !== text) await store.write(name, text);
}
