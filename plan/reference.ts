/** Text taken apart: plain text, and references as their path. */
export type Part = string | readonly string[];

export type Parsed = { readonly parts: readonly Part[] } | { readonly message: string; readonly fix: string };

const segment = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

/** Takes text with `${{ a.b.c }}` in it apart. Nothing is evaluated. */
export function parseReferences(text: string): Parsed {
  const parts: Part[] = [];
  let from = 0;
  for (;;) {
    const begin = text.indexOf('${{', from);
    if (begin < 0) break;
    const end = text.indexOf('}}', begin);
    if (end < 0) return { message: `"\${{" is not closed in ${shown(text)}`, fix: 'close it with "}}"' };
    const inside = text.slice(begin + 3, end).trim();
    const path = inside.split('.');
    if (inside === '') return { message: 'an empty reference "${{ }}"', fix: 'name what it stands for, such as ${{ target.site }}' };
    if (!path.every((part) => segment.test(part)))
      return {
        message: `"${inside}" is not a reference`,
        fix: 'references are looked up, never evaluated: write names with dots between them, such as ${{ steps.facts.outputs.lag }}',
      };
    if (begin > from) parts.push(text.slice(from, begin));
    parts.push(path);
    from = end + 2;
  }
  if (from < text.length || parts.length === 0) parts.push(text.slice(from));
  return { parts };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
