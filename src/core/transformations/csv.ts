/** `{csv.…}`: comma-separated fields, quoted as in RFC 4180; white space is part of the field (trans-csv). */
import { defineTransformations } from '../../runtime/index.ts';
import { elementAt, rememberLast } from './parts.ts';

export const csvTransformations = defineTransformations([
  {
    name: 'csv.count',
    arguments: [],
    summary: 'The number of fields; null for an empty text.',
    example: ['a,b,c', '{csv.count}', 3],
    apply: (text) => fieldsOf(text)?.length ?? null,
  },
  {
    name: 'csv.value',
    arguments: [{ name: 'index', type: 'int' }],
    summary: 'The field at an index (negative: from the end), without its quotes.',
    example: ['one, two ,"th,ree"', '{csv.value,-1}', 'th,ree'],
    apply: (text, index) => elementAt(fieldsOf(text) ?? [], index) ?? null,
  },
]);

const fieldsOf = rememberLast(parseFields);

/**
 * Null if the text is empty (edge-empty-gives-null), or if a quoted field lacks its closing quote or continues after
 * it.
 */
function parseFields(text: string): readonly string[] | null {
  if (text === '') return null;
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end < 0 || (end + 1 < text.length && text[end + 1] !== ',')) return null;
      fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      fields.push(text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}

/** Two quotes in a row stand for one. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}
