import type { Document, YAMLError } from 'yaml';
import type { Position } from './problem.ts';
import type { Put } from './problem.ts';
import { tooDeep } from './yaml-rules.ts';

/** Says each error of the parser in words that help; an unquoted `${{` once a line, whatever it broke behind it. */
export function syntax(document: Document, text: string, place: (offset: number) => Position, put: Put): void {
  const lines = text.split('\n');
  const said = new Set<number>();
  for (const error of [...document.errors, ...document.warnings]) {
    const position = place(error.pos[0]);
    const bare = unquoted(lines, position.line);
    if (bare !== undefined) {
      if (!said.has(bare.line)) put(bare, '"${{" inside braces or brackets is not valid YAML', 'quote it: "${{ … }}"');
      said.add(bare.line);
    } else if (said.size === 0) put(position, ...explain(error));
  }
}

/** Where `${{` stands outside quotes inside a flow collection, on the line of an error or the one before. */
function unquoted(lines: readonly string[], line: number): Position | undefined {
  for (const candidate of [line, line - 1]) {
    let quote = '';
    let depth = 0;
    const text = lines[candidate - 1] ?? '';
    for (let column = 0; column < text.length; column++) {
      const character = text[column]!;
      if (quote !== '') {
        if (character === quote && text[column - 1] !== '\\') quote = '';
      } else if (character === '#' && /\s/.test(text[column - 1] ?? ' ')) break;
      else if ((character === '"' || character === "'") && /[\s{[,:]/.test(text[column - 1] ?? ' ')) quote = character;
      else if (text.startsWith('${{', column)) {
        if (depth > 0) return { line: candidate, column: column + 1 };
        column = Math.max(column, text.indexOf('}}', column) + 1);
      } else if (character === '{' || character === '[') depth++;
      else if (character === '}' || character === ']') depth--;
    }
  }
  return undefined;
}

function explain(error: YAMLError): [message: string, fix: string] {
  const said = error.message.split('\n')[0]!.replace(/\.$/, '');
  if (said.startsWith('Maximum call stack')) return tooDeep;
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['a tab is used for indentation', 'indent with spaces'];
    case 'MULTIPLE_DOCS':
      return ['the file holds more than one YAML document', 'write each runbook in a file of its own'];
    case 'TAG_RESOLVE_FAILED':
      return [`YAML tags are not supported: ${said}`, 'write the plain value'];
    case 'NON_STRING_KEY':
      return ['a key is not plain text', 'write the key as text, without anchors, tags or braces'];
    case 'BAD_ALIAS':
      return [`an alias names no anchor: ${said}`, 'write the value out'];
    default:
      return [`not valid YAML: ${said}`, 'check indentation, quotes and brackets here and on the line above'];
  }
}
