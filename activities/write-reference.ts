/** Writes `docs/steps.md`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { types } from './index.ts';
import { reference } from './reference.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/steps.md', reference(types));
