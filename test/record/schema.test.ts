import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { recordJsonSchema } from '../../record/schema/run.ts';

describe("the record's schema", () => {
  it('describes every field', () => {
    const missing = undescribed(JSON.parse(recordJsonSchema()) as Schema, 'record');
    assert.deepEqual(missing, []);
  });

  it('is what docs/schemas/record.schema.json says (else run: npm run generate)', () => {
    assert.equal(readFileSync(new URL('../../docs/schemas/record.schema.json', import.meta.url), 'utf8'), recordJsonSchema());
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

function undescribed(schema: Schema, path: string): string[] {
  const below = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => [
      ...(one.description ? [] : [`${path}.${name}`]),
      ...undescribed(one, `${path}.${name}`),
    ]),
    ...(schema.items ? undescribed(schema.items, `${path}[]`) : []),
    ...(schema.anyOf ?? []).flatMap((one) => undescribed(one, path)),
  ];
  return below;
}
