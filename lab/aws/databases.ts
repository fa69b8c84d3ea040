/**
 * What is real behind the emulated AWS of a lab: a PostgreSQL for each database of RDS, a machine of the lab for an instance that is
 * bound to it. The emulator tells of every call that changed something. Argument: the lab's folder.
 */
import { secretIn } from '../lab.ts';
import { serve } from '../serve.ts';
import { homeIn } from './home.ts';
import { Machines, type InstanceState } from './machines.ts';
import { Fleet, type DatabaseState, type RdsCall } from './rds/fleet.ts';

interface Told extends RdsCall {
  readonly service: 'ec2' | 'rds';
  /** By `ACCOUNT/REGION/ID`, as they are now. */
  readonly databases: { readonly [key: string]: DatabaseState };
  /** Of those that are bound, by `ACCOUNT/REGION/ID`. */
  readonly instances: { readonly [key: string]: InstanceState };
}

const home = homeIn(process.argv[2] ?? '');
const fleet = new Fleet(home);
const machines = new Machines(home);

await serve(home.aws.reality, secretIn(home.folder, 'token'), async (method, [what, ...key], body) => {
  switch (`${method} ${what ?? ''}`) {
    case 'GET ':
      break;
    case 'POST ': {
      const told = body as Told;
      if (told.service === 'rds') await fleet.take(told, told.databases);
      fleet.let(told.databases);
      await machines.follow(told.instances, told.parameters['Force'] === 'true');
      break;
    }
    case 'PUT instance':
      machines.bind(key.join('/'));
      break;
    case 'PUT region':
      await fleet.freeze(key[0] ?? '');
      await machines.cutOff(key[0] ?? '', true);
      break;
    case 'DELETE region':
      await fleet.thaw(key[0] ?? '');
      await machines.cutOff(key[0] ?? '', false);
      break;
    default:
      throw new Error(`${method} /${what ?? ''} is not known.`);
  }
  return { ...fleet.state(), instances: machines.bound() };
});
