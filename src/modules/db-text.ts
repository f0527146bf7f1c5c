/** The db_text module: tables in text files, for the modules that read tables. Source: modules/db_text of the manual. */
import { join } from 'node:path';
import { FileError, readRegularFile } from '../files/index.ts';
import { defineModule } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';

/** A row, by the names of its columns. An empty field of a column that may be null is null. */
export type TextRow = ReadonlyMap<string, string | null>;

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** The fields of a line, between colons; `\:` is a colon. */
function fieldsOf(line: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === ':') {
      fields.push(field);
      field = '';
    } else if (char === '\\' && at + 1 < line.length) {
      at += 1;
      const escaped = line.charAt(at);
      field += escapes[escaped] ?? escaped;
    } else field += char;
  }
  return [...fields, field];
}

/**
 * The rows of a table in a folder: a line of columns such as `id(int,auto) ip(string) pattern(string,null)`, and a line
 * for each row. Throws an Error that says where the file is wrong.
 */
export function readTextTable(folder: string, table: string): readonly TextRow[] {
  const file = join(folder, table);
  const [head = '', ...lines] = textOf(file).split(/\r?\n/);
  const columns = head
    .split(/\s+/)
    .filter((one) => one !== '')
    .map((one) => {
      const [, name, options] = /^(\w+)\(([\w,]+)\)$/.exec(one) ?? [];
      if (name === undefined || options === undefined)
        throw new Error(`${file}:1: expected a column such as ip(string), not "${one}"`);
      return { name, isNullable: options.split(',').includes('null') };
    });
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const fields = fieldsOf(line);
    if (fields.length !== columns.length)
      throw new Error(`${file}:${i + 2}: expected ${columns.length} fields, not ${fields.length}`);
    return [
      new Map(
        columns.map(({ name, isNullable }, at) => {
          const field = fields[at] ?? '';
          return [name, field === '' && isNullable ? null : field];
        }),
      ),
    ];
  });
}

function textOf(file: string): string {
  try {
    return readRegularFile(file).toString('latin1');
  } catch (error) {
    throw error instanceof FileError ? new Error(`${file}: ${error.message}`) : error;
  }
}

const inMemory = 'modules read their tables when the server starts, and when a command reloads them';

export const dbText = defineModule({
  name: 'db_text',
  summary: 'Tables in text files, for permissions.',
  source: 'modules/db_text',
  parameters: defineParameters([
    { name: 'db_mode', type: 'int', default: 0, summary: 'Whether tables are kept.', inert: inMemory },
    { name: 'buffer_size', type: 'int', default: 16_384, summary: 'The longest line.', inert: inMemory },
  ]),
});
