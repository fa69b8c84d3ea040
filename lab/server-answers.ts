import { connect } from 'node:http2';

/** Whether the namespace `default` of the Temporal server on this port of 127.0.0.1 answers. Asked without the SDK, which takes longer to load than the server to start. */
export function answers(port: number, within = 1000): Promise<boolean> {
  return new Promise((done) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const end = (ok: boolean): void => {
      clearTimeout(timer);
      session.destroy();
      done(ok);
    };
    const timer = setTimeout(() => end(false), within);
    session.on('error', () => end(false));
    const call = session.request({
      ':method': 'POST',
      ':path': '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.on('error', () => end(false));
    call.on('trailers', (trailers) => end(trailers['grpc-status'] === '0'));
    call.on('response', (headers) => headers['grpc-status'] !== undefined && end(headers['grpc-status'] === '0'));
    call.resume();
    call.end(describeDefault);
  });
}

/** gRPC frame of `DescribeNamespaceRequest{ namespace: "default" }`. */
const describeDefault = Buffer.concat([Buffer.from([0, 0, 0, 0, 9, 0x0a, 7]), Buffer.from('default')]);
