import assert from 'node:assert/strict';
import { parseInventory } from '../../plan/load.ts';
import { notifyFacts } from '../../plan/notify-facts.ts';
import { printProblem, Problems } from '../../plan/problem.ts';
import { lint } from '../../plan/lint.ts';
import { inventoryText, runbook } from './sample.ts';
import { types } from './types.ts';

const written = (entry: string): string => inventoryText.replace(/notify:\n.*\n/u, `notify:\n  people: ${entry}\n`);
const mail = (more: string): string =>
  `{ email: { to: [a@example.com], from: b@example.com, server: "smtp://mail.example.com:587"${more} } }`;

function problemsOf(entry: string): string {
  const problems = new Problems();
  parseInventory('inventory.yaml', written(entry), problems);
  return problems.sorted().map(printProblem).join('\n');
}

function factsOf(entry: string): unknown {
  const problems = new Problems();
  const { data } = parseInventory('inventory.yaml', written(entry), problems)!;
  return notifyFacts(data)['people'];
}

describe('who is told', () => {
  const all = ['gate', 'failure', 'finding', 'unproven', 'ended'];

  it('is told of everything, unless the inventory says less', () => {
    const webhook = 'https://hooks.example.com/dr';
    assert.deepEqual(factsOf(`{ webhook: "${webhook}", secret: "env:KEY" }`), { webhook, secret: 'env:KEY', on: all });
    assert.deepEqual(factsOf('{ slack: "env:CHAT", on: [ended], systems: [orders] }'), {
      slack: 'env:CHAT',
      on: ['ended'],
      systems: ['orders'],
    });
    assert.deepEqual(factsOf(mail(', user: x, password: "file:/pw"')), {
      email: { to: ['a@example.com'], from: 'b@example.com', server: 'smtp://mail.example.com:587', user: 'x', password: 'file:/pw' },
      on: all,
    });
  });

  for (const [what, entry, expected] of [
    ['in no way', '{ on: [ended] }', /people are told in one way — write one of `webhook`, `slack` and `email`/],
    ['in two ways', '{ webhook: "https://a.example.com/", slack: "env:CHAT" }', /people are told in one way/],
    ['by a chat whose address is written out', '{ slack: "https://hooks.example.com/T0" }', /a secret is never written here/],
    ['by a chat whose messages are to be signed', '{ slack: "env:CHAT", secret: "env:KEY" }', /`secret` signs what is posted to a webhook/],
    ['of an unknown event', '{ slack: "env:CHAT", on: [end] }', /did you mean "ended"|which it cannot be/],
    ['of an unknown system', '{ slack: "env:CHAT", systems: [order] }', /there is no system "order" — did you mean "orders"\?/],
    ['by a server that takes no mail', mail('').replace('smtp:', 'http:'), /must be a URL such as smtp:/],
    ['with a password and no user', mail(', password: "env:PW"'), /`user` and `password` go together/],
  ] as const)
    it(`is not told ${what}`, () => assert.match(problemsOf(entry), expected));

  it('has a webhook where a step names it', () => {
    const problems = new Problems();
    const inventory = parseInventory('inventory.yaml', written('{ slack: "env:CHAT" }'), problems)!;
    const found = lint({ runbook: runbook('  - { id: a, uses: notify.webhook, with: { to: people } }\n'), inventory, types });
    assert.match(found.problems.map(printProblem).join('\n'), /people has no webhook — name an entry that has one/);
  });
});
