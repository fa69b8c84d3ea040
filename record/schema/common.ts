import { z } from 'zod';

export const time = (text: string) => z.string().describe(`${text} ISO 8601.`);
export const maybeTime = (text: string) => z.string().nullable().describe(`${text} ISO 8601.`);
export const milliseconds = (text: string) => z.number().describe(`${text} Milliseconds.`);
export const maybeMilliseconds = (text: string) => z.number().nullable().describe(`${text} Milliseconds.`);
export const attestation = z
  .enum(['attested', 'stated', 'anonymous'])
  .describe('How the person is known: computed by the server, given by name, or not at all.');
export const mode = z
  .enum(['planned', 'unplanned'])
  .describe('Whether the source still served and was shut down cleanly, or was lost and fenced.');
