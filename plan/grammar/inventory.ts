import { z } from 'zod';
import { nameField, portField, secretField, textField, urlField } from './fields.ts';
import { recipient } from './notify.ts';
import { store } from './store.ts';
import { aws } from './aws.ts';
import { system } from './system.ts';

const ports = z
  .record(z.string().regex(/^\d{1,5}$/, 'a service port is a number'), portField('Port that reaches it.'))
  .describe('Port of a service → the port that reaches it, where a port forward lies between.');

const seenFrom = z
  .record(
    nameField('A site, or `outside`.'),
    z
      .strictObject({ address: textField('Address, as seen from there.').optional(), ports: ports.optional() })
      .describe('How it is reached from there.'),
  )
  .describe('By viewpoint (a site, or `outside`): where it is reached differently from there.');

const ssh = z
  .strictObject({
    user: textField('User who logs in.').optional(),
    port: portField('Port of the ssh server. Default: 22.').optional(),
    key: textField("Path of the private key on the worker's machine. Default: the client's own.").optional(),
    'known-hosts': textField('Path of a known_hosts file with the host keys, or the authority that signs them.').optional(),
  })
  .describe('How the OpenSSH client logs in.');

const argv = (description: string) => z.array(textField('An argument.')).min(1).describe(`${description} Argument vector.`);
const line = {
  device: nameField('The host that is the device, or controls it.'),
  cut: argv('Cuts the line.'),
  heal: argv('Opens the line again.'),
  state: argv('Prints `cut` or `open`.'),
};

const site = z
  .strictObject({
    kind: z.enum(['physical', 'aws']).describe('What it is: a data centre or an AWS region.'),
    limits: z
      .strictObject({ steps: z.int().min(1).max(200).describe('How many steps may run there at once.').default(20) })
      .describe('Bounds of what runs there.')
      .prefault({}),
    witness: z
      .strictObject({
        port: portField('Port at which it greets whoever connects.'),
        address: textField('Its address.'),
        ports: ports.optional(),
        'seen-from': seenFrom.optional(),
      })
      .describe('Something else on the same network that greets, and so tells a dead host from a cut link.')
      .optional(),
    router: z
      .strictObject({
        ...line,
        'nothing-writes-inside': z
          .boolean()
          .describe('True: no client of any system stands inside the site, so that cutting it off here is a fence.')
          .default(false),
      })
      .describe("The site's router, and how it cuts the site off.")
      .optional(),
    networks: z
      .array(z.union([z.cidrv4(), z.cidrv6()]).describe('A network, such as 10.77.1.0/24.'))
      .describe('Networks inside it: what has an address there falls with the site, Temporal too.')
      .optional(),
    records: textField(
      'The record store there: a folder, or `s3:SITE/BUCKET/PREFIX`, SITE being an AWS site of this inventory. Two sites have one each.',
    ).optional(),
    ...aws,
  })
  .refine(({ kind, region }) => kind !== 'aws' || region !== undefined, {
    error: 'a site of `kind: aws` has a region',
    path: ['region'],
    params: { fix: 'add `region:`, such as us-east-1' },
  })
  .refine((written) => written.kind === 'aws' || Object.keys(aws).every((field) => !(field in written)), {
    error: 'a physical site has no region, account or the like',
    path: ['kind'],
    params: { fix: 'write `kind: aws`, or take those fields out' },
  })
  .describe('A failure domain: a data centre or an AWS region. Has at least one worker.');

const power = z
  .strictObject({
    driver: nameField('How the controller is spoken to, such as `redfish`.'),
    address: textField('URL or address of the controller.'),
    user: textField('User at the controller.').optional(),
    password: secretField('Password at the controller, by reference: `env:NAME` or `file:PATH`.').optional(),
    certificate: textField('Path of the certificate that the controller must show, PEM.').optional(),
    system: textField("The controller's own name for the machine. Default: the only one it has.").optional(),
    options: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "a fence agent's parameter"), z.union([z.string(), z.number(), z.boolean()]))
      .describe('Further parameters of a fence agent, by its own names.')
      .optional(),
  })
  .describe("The controller that switches the host's power.");

const host = z
  .strictObject({
    site: nameField('The site where it stands.'),
    connection: z.enum(['local', 'ssh']).describe('How commands reach it: `ssh`, or `local` where the worker runs on it.').default('ssh'),
    address: textField('Its address. Default for `local`: 127.0.0.1.').optional(),
    ports: ports.optional(),
    'seen-from': seenFrom.optional(),
    alive: portField('A port that greets whenever the machine is up, whatever it runs.').default(22),
    ssh: ssh.optional(),
    power: power.optional(),
    instance: z
      .string()
      .regex(/^i-[0-9a-f]{8,17}$/, 'the id of an EC2 instance')
      .describe('EC2 instance that it is, at a site of `kind: aws`.')
      .optional(),
    'switch-port': z.strictObject(line).describe("The host's own switch port, and how it is cut.").optional(),
    tags: z.array(nameField('A tag.')).describe('Words by which steps select hosts.').default([]),
  })
  .describe('A machine.');

/** What there is: sites, hosts, people, systems, and how to reach them. */
export const inventoryGrammar = z
  .strictObject({
    sites: z.record(nameField('Name of a site.'), site).describe('The sites, by name.'),
    people: z
      .record(nameField('Name of a role.'), z.array(textField('Name of a person, as the login or the command line gives it.')).min(1))
      .describe('Role → the people who hold it.')
      .default({}),
    hosts: z.record(nameField('Name of a host.'), host).describe('The hosts, by name.').default({}),
    ssh: ssh.describe('How hosts are logged in at, where they do not say otherwise.').optional(),
    stores: z.record(nameField('Name of a store.'), store).describe('Where backups lie, by name.').default({}),
    values: z
      .record(nameField('Name of a value.'), z.union([z.string(), z.number(), z.boolean()]))
      .describe('What runbooks refer to as `${{ values.NAME }}`: names and references to secrets, never secrets.')
      .default({}),
    systems: z.record(nameField('Name of a system.'), system).describe('What is protected, by name.'),
    notify: z.record(nameField('Name that steps use.'), recipient).describe('Where people are told, by name.').default({}),
    evidence: z
      .strictObject({ key: secretField('Ed25519 private key (PEM, PKCS#8) that signs records, by reference; `lifeboat keys` makes one.') })
      .describe('How records are signed. Default: they are not.')
      .optional(),
    probe: urlField("Base URL of the probe's HTTP interface.").optional(),
    decisions: z
      .enum(['attested', 'stated', 'anonymous'])
      .describe('The least that a decision must be to count: computed by the server, given by name, or anything.')
      .default('stated'),
    temporal: z
      .strictObject({ ui: urlField('Base URL of the Temporal UI, for links.').optional() })
      .describe('About the Temporal server.')
      .optional(),
  })
  .describe('Inventory: what there is, and how to reach it. It never says who is primary: that is asked of the world.');

export type Inventory = z.output<typeof inventoryGrammar>;
export type InventoryHost = Inventory['hosts'][string];
export type InventorySystem = Inventory['systems'][string];
