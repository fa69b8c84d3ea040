import { connect } from 'node:net';
import { address, type FullLab } from './full-lab.ts';
import { devices, machines } from './shape.ts';

export { until } from '../until.ts';

/** Whether the ssh server of a host or a device says who it is, as seen from hq. */
export function greets(lab: FullLab, name: string, within = 500): Promise<boolean> {
  const at = machines[name]?.at ?? devices[name]?.at ?? '';
  return new Promise((done) => {
    const socket = connect({ host: address(lab, at), port: 22, timeout: within });
    const end = (ok: boolean) => (): void => {
      socket.destroy();
      done(ok);
    };
    socket.once('data', end(true)).on('error', end(false)).on('timeout', end(false)).on('close', end(false));
  });
}
