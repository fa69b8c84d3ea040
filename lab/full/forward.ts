import { connect, createServer } from 'node:net';

/**
 * Makes a server of this machine's loopback one of hq: Temporal's development server listens on loopback only, and the sites' workers
 * do not see that. Where nothing listens, connections are refused.
 */
export function forward(from: { readonly host: string; readonly port: number }, to: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true, noDelay: true });
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.resetAndDestroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(from.port, from.host, done);
  });
}
