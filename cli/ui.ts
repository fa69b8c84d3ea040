import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Base URL of the Temporal UI, without a slash at its end: LIFEBOAT_UI, else the inventory's `temporal.ui`, else by the server's address. */
export async function uiBase(address: string, runbooks?: string): Promise<string> {
  const stated = process.env['LIFEBOAT_UI'] || (runbooks === undefined ? undefined : await fromInventory(runbooks));
  return (stated ?? derive(address)).replace(/\/+$/, '');
}

async function fromInventory(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'inventory.yaml'), 'utf8').catch(() => undefined);
  if (text === undefined || !/^temporal:/m.test(text)) return undefined;
  const { parse } = await import('yaml');
  try {
    const ui = (parse(text, { maxAliasCount: 100 }) as { temporal?: { ui?: unknown } } | null)?.temporal?.ui;
    return typeof ui === 'string' ? ui : undefined;
  } catch {
    // A broken inventory is the business of `check`; here only a link is lost.
    return undefined;
  }
}

/** Temporal Cloud has one UI for all; a dev server serves its own a thousand ports above its gRPC port. */
function derive(address: string): string {
  const host = address.replace(/:\d+$/, '');
  if (/\.(tmprl\.cloud|temporal\.io)$/.test(host)) return 'https://cloud.temporal.io';
  const port = Number(/:(\d+)$/.exec(address)?.[1] ?? 7233) + 1000;
  return `http://${host}:${port > 65_535 ? 8233 : port}`;
}
