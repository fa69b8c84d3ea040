import { z } from 'zod';
import { durationField, nameField, sizeField, textField } from './fields.ts';

const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,59}$/, 'an id begins with a letter and has lower-case letters, digits and "-", 60 at the most')
  .refine((name) => name !== 'plan' && name !== 'lock', 'the ids "plan" and "lock" are taken by the run itself')
  .describe('Name of the step in this runbook.');
const roles = z.array(nameField('A role of the inventory.')).min(1).describe('Roles whose people may decide. Default: all roles.');
const shared = {
  id,
  needs: z.array(z.string().describe('Id of a step.')).describe('Steps that must be done before.').default([]),
  only: z
    .enum(['planned', 'unplanned', 'rehearsal'])
    .describe('The one mode in which it runs, or `rehearsal`: in no other run. Left out, it counts as done for those that need it.')
    .optional(),
  if: textField('A reference to one boolean; where it is false the step counts as done.').optional(),
  approvers: roles.optional(),
};
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const input = z.record(z.string(), z.json().describe('A value; "${{ … }}" in it is looked up.')).describe("The type's input.");
const at = textField('Site that carries it out. Default: the site of the host it acts on; for a fence, the target site.');
const timeout = durationField('Time for one attempt.');
const retry = z
  .strictObject({
    times: z.int().min(0).max(100).describe('How many times it is tried again.'),
    wait: durationField('Pause before each.').prefault('1 second'),
  })
  .describe('How often a failure that may pass is tried again.');
const uses = textField('Step type, such as `postgres.promote`.');

const other = z
  .strictObject({ uses, with: input.optional(), at: at.optional(), timeout: timeout.optional(), retry: retry.optional() })
  .describe('Another way, with an input of its own.');

export const stepGrammar = z
  .strictObject({
    ...shared,
    uses,
    with: input.default({}),
    at: at.optional(),
    timeout: timeout.optional(),
    retry: retry.optional(),
    else: z
      .array(z.union([uses, other]))
      .describe('Other acceptable ways, tried in turn. A bare type takes the same input.')
      .default([]),
    summary: textField('One line for timelines and lists.').optional(),
    'for-each': z
      .union([
        textField('A reference to a list, such as `${{ source.resources.instances }}`.'),
        z.array(z.union([scalar, z.record(z.string(), z.union([scalar, z.array(scalar)]))])),
        z
          .strictObject({ hosts: z.strictObject({ tag: nameField('A tag.') }).describe('Hosts of the inventory that have this tag.') })
          .describe('Hosts.'),
        z
          .strictObject({
            systems: z
              .union([z.array(nameField('A system.')), z.strictObject({ tier: z.int().min(0).max(9).describe('Their tier.') })])
              .describe('Systems of the inventory: by name, or all of a tier.'),
          })
          .describe('Systems.'),
      ])
      .describe('Carried out for each of these, which the step calls `${{ item }}`: side by side, in child runs.')
      .optional(),
    width: z.int().min(1).max(200).describe('for-each: how many child runs at once.').default(20),
  })
  .describe('One use of a step type.');

const outcome = z.enum(['abort', 'proceed']).describe('What happens then.');
export const gateGrammar = z
  .strictObject({
    ...shared,
    gate: textField('What people are asked to approve.'),
    count: z.int().min(1).max(20).describe('How many distinct people must approve.').default(1),
    show: z.array(textField('`Label: ${{ … }}`, or a reference alone.')).describe('Facts that people see before they decide.').default([]),
    expires: durationField('How long it waits. Default: for ever, with reminders.').optional(),
    'on-expiry': z
      .union([
        outcome,
        z
          .strictObject({
            escalate: nameField('Role that is asked next.'),
            expires: durationField('How long that role has.'),
            then: outcome,
          })
          .describe('Asks another role first.'),
      ])
      .describe('What happens when nobody has decided in time. Default: abort.')
      .optional(),
    limit: sizeField('Asked again when the data at risk has grown by more than this since it was asked.').optional(),
  })
  .describe('A step at which people must approve before what needs it starts.');

const parameter = z
  .strictObject({
    type: z.enum(['string', 'number', 'boolean']).describe('Type of its value.'),
    description: textField('What it is for.'),
    default: z.union([z.string(), z.number(), z.boolean()]).describe('Value where none is given.').optional(),
    required: z.boolean().describe('Whether it must be given.').default(false),
  })
  .describe('A value that is given when a run is started.');

/** What is done to a system: steps, gates and objectives. */
export const runbookGrammar = z
  .strictObject({
    runbook: nameField('Name of the runbook.'),
    kind: z.enum(['backup', 'failover', 'failback', 'restore']).describe('What a run of it does.'),
    system: z
      .union([nameField('A system of the inventory.'), z.array(nameField('A system of the inventory.')).min(1)])
      .describe('The system of the inventory that it moves; several where one runbook serves each of them.'),
    target: nameField('The one site to which it moves the system. Default: whichever does not serve.').optional(),
    description: textField('What it does, in a sentence.'),
    objectives: z
      .strictObject({
        'recovery-time': durationField('From the failure until it is served again.').optional(),
        'recovery-point': durationField('How much of the latest data may be lost.').optional(),
        outage: durationField('A planned run that has not promoted this long after it stopped the source backs out.').optional(),
      })
      .describe('What is promised; the record holds the measured figures against it.')
      .prefault({}),
    rehearsal: z
      .strictObject({
        gates: z
          .enum(['ask', 'stand-in'])
          .describe('`ask`: people are part of what is rehearsed. `stand-in`: nobody is asked, and the report says so.')
          .default('stand-in'),
        mode: z.enum(['planned', 'unplanned']).describe('The mode that is rehearsed where none is given.').default('unplanned'),
        parameters: z
          .record(nameField('Name of a parameter.'), z.union([z.string(), z.number(), z.boolean()]))
          .describe('Their values in a rehearsal, where none are given.')
          .default({}),
      })
      .describe('How it is rehearsed.')
      .prefault({}),
    parameters: z.record(nameField('Name of a parameter.'), parameter).describe('What is given when a run is started.').default({}),
    steps: z
      .array(z.union([stepGrammar, gateGrammar]))
      .min(1, 'a runbook has at least one step')
      .describe('Steps and gates.'),
  })
  .describe('Runbook: what is done to a system.');

/** As written. */
export type WrittenRunbook = z.output<typeof runbookGrammar>;
/** For one of the systems that it serves. */
export type Runbook = Omit<WrittenRunbook, 'system'> & { readonly system: string };
export type RunbookStep = z.output<typeof stepGrammar>;
export type RunbookGate = z.output<typeof gateGrammar>;
export type RunbookElse = RunbookStep['else'][number];
