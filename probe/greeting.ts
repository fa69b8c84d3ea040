import { connect } from 'node:net';

/** Whether something at this port greets within that many milliseconds: a connection that is merely taken says nothing. */
export function greets(address: string, port: number, within: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port });
    const end = (greeted: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      done(greeted);
    };
    const timer = setTimeout(() => end(false), within);
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('data', () => end(true));
  });
}
