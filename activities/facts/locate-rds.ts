import type { RdsFacts } from '../../plan/plan.ts';
import type { Caller } from '../aws/client.ts';
import { roleOf, type Role } from '../rds/role.ts';
import type { Found } from './locate.ts';
import { promptly } from './promptly.ts';

/** Asks RDS at every site of a database side by side what its member there is. */
export async function locateRds({ members, global }: RdsFacts, caller: Caller): Promise<readonly Found[]> {
  const told = await Promise.all(
    Object.entries(members).map(async ([site, id]) => {
      const place = { site, id: id.toLowerCase() };
      const role = await promptly(site, caller, (soon) => roleOf(place, global?.toLowerCase(), soon)).catch((error: Error): Role => ({
        is: 'out',
        text: error.message,
      }));
      return { name: `${site}/${id}`, ...role };
    }),
  );
  const serves = told.some(({ is }) => is === 'primary');
  return told.map(({ name, is, text }) => ({ name, role: roleIn(is, serves), text }));
}

/** One that is cut off served last, until another takes its place. */
function roleIn(is: Role['is'], anotherServes: boolean): Found['role'] {
  if (is === 'primary') return 'primary';
  return is === 'replica' || (is === 'isolated' && anotherServes) ? 'standby' : 'silent';
}
