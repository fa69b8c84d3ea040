import { z } from 'zod';

/** An input field that names a host of the inventory: the compiler looks it up and hands its facts over. */
export function hostName(description = 'The host, by its name in the inventory.') {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a host is named by letters, digits, dots and dashes')
    .meta({ lifeboat: 'host', description });
}

/** An input field that names an entry under `notify` of the inventory. */
export function notifyName(description = 'Who is told: a name under `notify` of the inventory.') {
  return z.string().min(1).max(253).meta({ lifeboat: 'notify', description });
}

/** An input field that names an AWS site of the inventory: a region of an account. Where `site` is the field's name, it also says where the step is carried out. */
export function siteName(description = 'The AWS site, by its name in the inventory.') {
  return z.string().min(1).max(253).meta({ lifeboat: 'site', description });
}
