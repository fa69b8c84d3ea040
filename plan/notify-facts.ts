import type { Inventory } from './grammar/inventory.ts';
import type { PlanHeader, Recipient } from './plan.ts';

type Written = Inventory['notify'][string];

/** Who is told of what, and how; credentials stay references. */
export function notifyFacts(inventory: Inventory): PlanHeader['notify'] {
  return Object.fromEntries(Object.entries(inventory.notify).map(([name, written]) => [name, recipientFacts(written)]));
}

function recipientFacts({ webhook, secret, slack, email, on, systems }: Written): Recipient {
  return {
    ...(webhook === undefined ? {} : { webhook }),
    ...(secret === undefined ? {} : { secret }),
    ...(slack === undefined ? {} : { slack }),
    ...(email === undefined ? {} : { email: mailFacts(email) }),
    on,
    ...(systems === undefined ? {} : { systems }),
  };
}

function mailFacts({ to, from, server, user, password }: NonNullable<Written['email']>): NonNullable<Recipient['email']> {
  return { to, from, server, ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
}
