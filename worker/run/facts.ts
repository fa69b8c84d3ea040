import type { RunActivities } from '../../workflows/wire.ts';
import { look } from '../../activities/facts/look.ts';
import { attempt } from '../attempt.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';

/** `run.facts`: what a gate shows, as the target's site sees it. */
export const facts =
  (site: Site): RunActivities['run.facts'] =>
  (input) =>
    attempt(({ signal }) => look(input, { viewpoint: site.site, secret, signal }));
