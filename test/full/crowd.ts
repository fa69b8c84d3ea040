import { addressOf, secret, type FullLab } from '../../lab/full/full-lab.ts';
import { sql } from '../../lab/full/pair.ts';
import { pair, sites } from '../../lab/full/shape.ts';
import { siteCommand } from '../../lab/full/site-command.ts';
import { Crowd } from '../judge/crowd.ts';
import { startFarWriter } from '../judge/far-writer.ts';
import { startWriter, type WriterOptions } from '../judge/writer.ts';

/** Writers outside the sites and inside each, in the network namespaces of the full lab: a site that is cut off takes its writer with it. */
export function fullCrowd(lab: FullLab, { primary = 'a-db', every = 40 } = {}): Promise<Crowd> {
  const options = (name: string): WriterOptions => ({
    hosts: pair.map((host) => ({ host: addressOf(lab, host), port: 5432 })),
    database: 'orders',
    user: 'app',
    password: secret(lab, 'app'),
    name,
    every,
  });
  return Crowd.startAt(
    {
      viewpoints: ['outside', ...sites],
      writer: (viewpoint) =>
        viewpoint === 'outside'
          ? startWriter(options(viewpoint))
          : startFarWriter((argv) => siteCommand(lab, viewpoint, argv), options(viewpoint)),
      ask: (host, text) => sql(lab, host, text),
    },
    primary,
  );
}
