import { join } from 'node:path';
import { launch, program, writeIdentity } from '../launch.ts';
import { hq, labTag, logFile, outsideOf, runFile, secretFile, type FullLab } from './full-lab.ts';

/** The probe at hq: outside the sites, it measures what users see. */
export function startProbe(lab: FullLab): void {
  const argv = [...program('probe/main'), '--inventory', join(lab.folder, 'runbooks/inventory.yaml')];
  const login = ['--folder', join(lab.folder, 'probe'), '--user', 'app', '--password', `file:${secretFile(lab, 'app')}`];
  const where = ['--listen', `${outsideOf(lab)}:${hq.probe}`];
  writeIdentity(runFile(lab, 'probe'), launch([...argv, ...where, ...login], { log: logFile(lab, 'probe'), env: labTag(lab) }).pid);
}

/** Whether it sees the database serve. */
export async function sees(lab: FullLab): Promise<boolean> {
  const answer = await fetch(`http://${outsideOf(lab)}:${hq.probe}/systems/orders`).catch(() => null);
  return answer?.ok === true && ((await answer.json()) as { serving: string | null }).serving !== null;
}
