import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { types } from '../../activities/index.ts';
import { reference } from '../../activities/reference.ts';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly lifeboat?: string;
}

const sentence = /^[A-Z][^\n]*[.?]$/;
const words = /^\d+(\.\d+)? (milliseconds?|seconds?|minutes?|hours?|days?)$/;
const shapes = (type: (typeof types)[number]) => [
  z.toJSONSchema(type.input, { io: 'input' }) as Schema,
  z.toJSONSchema(type.output) as Schema,
];

describe('The list of step types', () => {
  it('is in order of names and names each once', () => {
    const names = types.map((type) => type.name);
    assert.deepEqual(names, [...new Set(names)].sort());
  });

  it('has every name that was ever released, and no name that is not written down as released', () => {
    const released = readFileSync('test/activities/released-names.txt', 'utf8').trim().split('\n');
    assert.deepEqual(
      types.map((type) => type.name),
      released,
      'A name on the wire is for ever: add new ones to test/activities/released-names.txt, and never take one out.',
    );
  });

  it('has every file that declares a step type', () => {
    const declared = readdirSync('activities', { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && /export default step\(/.test(readFileSync(join('activities', file), 'utf8')),
    );
    assert.deepEqual(
      declared.map((file) => file.replace(/\.ts$/, '').replaceAll('/', '.')).sort(),
      types.map((type) => type.name),
    );
  });

  it('is what docs/steps.md says', () => {
    assert.equal(
      readFileSync('docs/steps.md', 'utf8'),
      reference(types),
      'docs/steps.md is stale: run `npx tsx activities/write-reference.ts`.',
    );
  });
});

for (const type of types) {
  describe(type.name, () => {
    it('is named service.verb, and its file and its test are named like it', () => {
      assert.match(type.name, /^[a-z][a-z0-9]*\.[a-z][a-z0-9-]*$/);
      assert.ok(existsSync(`activities/${type.name.replace('.', '/')}.ts`), `activities/${type.name.replace('.', '/')}.ts is missing`);
      assert.ok(
        existsSync(`test/activities/${type.name.replace('.', '-')}.test.ts`),
        `test/activities/${type.name.replace('.', '-')}.test.ts is missing`,
      );
    });

    it('says in one sentence what it does', () => {
      assert.match(type.summary, sentence);
      assert.doesNotMatch(type.summary, /\. /);
    });

    it('has an example that it accepts', () => {
      type.input.parse(type.example);
    });

    it('describes every field of its input and output', () => {
      for (const [index, schema] of shapes(type).entries()) {
        assert.equal(schema.type, 'object');
        for (const [path, field] of fields(schema, ''))
          assert.match(
            field.description ?? '',
            sentence,
            `${index === 0 ? 'input' : 'output'} ${path} has no description that is a sentence`,
          );
      }
    });

    it('has a host or an AWS site among its inputs where that says which site carries it out', () => {
      const [input] = shapes(type);
      const marks = [input?.properties?.['host']?.lifeboat, input?.properties?.['site']?.lifeboat];
      if (type.at !== 'target') assert.ok(marks.includes('host') || marks.includes('site'));
    });

    it('marks every field that names a host', () => {
      const [input] = shapes(type);
      for (const [name, field] of Object.entries(input?.properties ?? {}))
        if (/^(host|standby|primary)$/.test(name)) assert.equal(field.lifeboat, 'host', name);
    });

    it('is undone, or says why not', () => {
      if (typeof type.undo !== 'function') assert.match(type.undo.none, sentence);
    });

    it('is rehearsed, or says why not', () => {
      if (typeof type.rehearse !== 'function') assert.match(type.rehearse.none, sentence);
    });

    it('says what it needs', () => {
      assert.notEqual(type.permissions.length + Object.keys(type.iam ?? {}).length, 0);
      const actions = Object.values(type.iam ?? {}).flat();
      for (const action of actions) assert.match(action, /^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/);
      const narrowed = [...Object.values(type.iamAt ?? {}).flat(), ...(type.iamAcross ?? []), ...Object.keys(type.iamIf ?? {})];
      for (const action of narrowed) assert.ok(actions.includes(action), `${action} is narrowed, and not declared`);
      for (const permission of type.permissions) assert.match(permission, sentence);
    });

    it('gives its durations in words', () => {
      assert.match(type.timeout, words);
      if (type.retry) assert.match(type.retry.wait, words);
      assert.ok(type.expected >= 0);
    });

    it('commits, promotes or asks only as something that changes the world', () => {
      if (type.commits || type.promotes || type.outage || type.asks) assert.notEqual(type.effect, 'read');
      if (type.promotes) assert.ok(type.requires?.length, 'a promotion requires a proof');
      if (type.provides?.includes('fence')) assert.equal(type.at, 'target', 'a fence is carried out from the target site');
      if (type.asks)
        for (const [, name] of type.asks.question.matchAll(/\{([^}]+)\}/g))
          assert.ok(shapes(type)[0]?.properties?.[name ?? ''], `the question names {${name}}, which is no input`);
    });
  });
}

function* fields(schema: Schema, path: string): Generator<[string, Schema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [`${path}${name}`, field];
    yield* fields(field, `${path}${name}.`);
  }
  if (schema.items?.properties) yield* fields(schema.items, `${path}[].`);
  if (typeof schema.additionalProperties === 'object') yield* fields(schema.additionalProperties, `${path}{}.`);
  for (const one of schema.anyOf ?? []) yield* fields(one, path);
}
