/**
 * A writer as a process of its own: reads its options as JSON from the environment variable JUDGE, and prints each thing that its
 * ledger has as a line of JSON. It ends when it is told to, or when nobody reads it any more.
 */
import { startWriter, type WriterOptions } from './writer.ts';

const writer = startWriter(JSON.parse(process.env['JUDGE']!) as WriterOptions);
const ledgers = { acked: writer.acked(), session: writer.sessions(), error: writer.errors() };
const told = { acked: 0, session: 0, error: 0 };

setInterval(() => {
  for (const [name, ledger] of Object.entries(ledgers) as [keyof typeof ledgers, readonly object[]][])
    for (; told[name] < ledger.length; told[name] += 1) process.stdout.write(`${JSON.stringify([name, ledger[told[name]]])}\n`);
}, 20);
process.stdout.on('error', () => process.exit());
process.on('SIGTERM', () => void writer.stop().then(() => setTimeout(() => process.exit(), 60)));
