import { z } from 'zod';

export const zoneId = () =>
  z
    .string()
    .regex(/^Z[A-Z0-9]{3,31}$/u, 'the id of a hosted zone')
    .describe('The hosted zone, by its id.');

/** No wildcard: a step moves one name. */
export const recordName = (description: string) =>
  z
    .string()
    .max(255)
    .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)+[A-Za-z0-9-]{1,63}\.?$/u, 'a whole domain name, such as shop.example.com')
    .describe(description);

export const setIdentifier = (description: string) => z.string().min(1).max(128).describe(description);

export const weight = (description: string) => z.int().min(0).max(255).describe(description);
