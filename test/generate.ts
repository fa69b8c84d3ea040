/** Writes every file that is made from the code: `npm run generate`. Tests fail where one is out of date. */
import { writeFile } from 'node:fs/promises';
import { types } from '../activities/index.ts';
import { reference } from '../activities/reference.ts';
import { writeSchemas } from '../plan/write-schemas.ts';
import { recordJsonSchema } from '../record/schema/run.ts';

await writeFile('docs/steps.md', reference(types));
await writeFile('docs/schemas/record.schema.json', recordJsonSchema());
await writeSchemas('docs/schemas', types);
