import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { account, east, west, type Filled } from './estate.ts';

/** What a person would have written for these systems: one inventory, and two runbooks that serve all of them. */
export async function writeFiles(folder: string, endpoint: string, { systems, regions }: Filled, instances: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const site = (region: string) => ({
    kind: 'aws',
    region,
    account,
    endpoint,
    role: { arn: `arn:aws:iam::${account}:role/lifeboat` },
    'api-share': 1,
    limits: { steps: 50 },
  });
  const inventory = {
    sites: { [east]: site(east), [west]: site(west) },
    people: { leads: ['alice@example.com', 'bob@example.com'] },
    systems: Object.fromEntries(
      systems.map(({ name, instances: ids }, n) => [
        name,
        {
          tier: n % 3,
          'when-it-fails': 'go-on',
          rds: { members: { [east]: name, [west]: `${name}-west` } },
          resources: { [east]: { ...regions[east], instances: ids }, [west]: { ...regions[west], instances: [] } },
        },
      ]),
    ),
  };
  const all = systems.map(({ name }) => name);
  await writeFile(join(folder, 'inventory.yaml'), stringify(inventory, { aliasDuplicateObjects: false }));
  await writeFile(join(folder, 'estate-backup.yaml'), stringify(backup(all)));
  await writeFile(join(folder, 'estate-failover.yaml'), stringify(failover(all, instances)));
}

const [source, target] = ['${{ source.site }}', '${{ target.site }}'];
const list = '${{ source.resources.instances }}';
const set = '${{ run.started-at }} ${{ item }}';

const backup = (system: readonly string[]) => ({
  runbook: 'estate-backup',
  kind: 'backup',
  system,
  description: 'Saves the volumes of every instance and the database, and copies both to the other region.',
  steps: [
    { id: 'database', uses: 'rds.snapshot', with: { site: source, id: '${{ source.rds.id }}', days: 7 } },
    {
      id: 'database-copy',
      uses: 'rds.copy-snapshot',
      needs: ['database'],
      with: { site: target, from: source, snapshot: '${{ steps.database.outputs.snapshot }}', days: 7 },
    },
    { id: 'volumes', uses: 'ec2.snapshot', 'for-each': list, with: { site: source, id: '${{ item }}', set, days: 7 } },
    {
      id: 'volumes-copy',
      uses: 'ec2.copy-snapshot',
      needs: ['volumes'],
      'for-each': list,
      with: { site: target, from: source, set, days: 7 },
    },
  ],
});

const failover = (system: readonly string[], count: number) => ({
  runbook: 'estate-failover',
  kind: 'failover',
  system,
  description: 'Promotes the replica and launches the application in the other region.',
  objectives: { 'recovery-point': '1 minute' },
  steps: [
    { id: 'cut-over', gate: `Move from ${source} to ${target}`, show: ['${{ run.data-at-risk }}'] },
    {
      id: 'fence',
      uses: 'rds.isolate',
      needs: ['cut-over'],
      with: { site: source, id: '${{ source.rds.id }}' },
      else: ['fence.pending'],
    },
    { id: 'promote', uses: 'rds.promote', needs: ['fence'], with: { site: target, id: '${{ target.rds.id }}' } },
    {
      id: 'app',
      uses: 'ec2.launch',
      needs: ['cut-over'],
      with: {
        site: target,
        image: '${{ target.resources.image }}',
        types: ['t3.small', 't3a.small'],
        subnets: ['${{ target.resources.subnet }}'],
        groups: ['${{ target.resources.group }}'],
        count,
      },
    },
  ],
});
