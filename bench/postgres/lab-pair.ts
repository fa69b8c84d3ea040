import { fault } from '../../lab/fault.ts';
import { secret, type Lab } from '../../lab/lab.ts';
import type { Loss, Standing } from './peer.ts';

/** What the practice lab's pair is to an application outside its sites, and how its primary is lost. */
export function labPair(lab: Lab): Pick<Standing, 'hosts' | 'login' | 'kill'> {
  return {
    hosts: Object.values(lab.hosts).map(({ seenFrom }) => ({ host: '127.0.0.1', port: seenFrom['outside']![5432] })),
    login: { user: 'lifeboat', password: secret(lab, 'lifeboat'), database: 'orders' },
    async kill(loss: Loss) {
      await (loss === 'server' ? fault(lab.folder, 'kill-primary', ['a-db']) : fault(lab.folder, 'power', ['a-db', 'off']));
    },
  };
}
