// Makes code small for publishing, so that stack traces can still be read (docs/internals/stack-traces.md): parameters and
// local variables get short names, and comments, which users find in the declarations, and blanks go. What a trace shows
// stays: lines, the names of functions, methods and classes, and above the code of each source file its name.
import { parse } from 'acorn';
import { minify } from 'terser';

/** Takes the place of `#`: terser would rename private methods too. */
const PRIVATE = '__PRIVATE__';

/** @returns {Promise<string>} */
export async function publishedCode(code) {
  const { code: renamed } = await minify(
    edited(code, (token) => token.replace(/^#/, PRIVATE)),
    {
      compress: false, // it would inline functions; esbuild's minifySyntax does not
      mangle: { keep_classnames: true, keep_fnames: true },
      parse: { module: true }, // not of `mangle`, which would rename what is at the top level
      format: { beautify: true, comments: /^ (?:src|node_modules)\//, preserve_annotations: true },
    },
  );
  return edited(renamed, (token) => token.replace(PRIVATE, '#'), withoutBlanks);
}

/** Edits each token, and what is between two of them, of which it gets the characters beside it. */
function edited(code, editToken, editGap = (gap) => gap) {
  const tokens = [];
  parse(code, { ecmaVersion: 'latest', sourceType: 'module', onToken: tokens });
  let [result, end] = ['', 0];
  for (const token of tokens) {
    result += editGap(code.slice(end, token.start), code[end - 1] ?? '', code[token.start] ?? '');
    result += editToken(code.slice(token.start, token.end));
    end = token.end;
  }
  return result + editGap(code.slice(end), code[end - 1] ?? '', '');
}

/** A gap as short as it may be. It may have comments. */
function withoutBlanks(gap, before, after) {
  const short = gap.replace(/^ +| +$/gm, '').replace(/\n+/g, '\n');
  return short === '' && gap !== '' && needsBlank(before, after) ? ' ' : short;
}

/** Whether two tokens need the blank between them: names, numbers and flags, and operators that would become others. */
const needsBlank = (before, after) =>
  (/[\w$#/\u0080-\uffff]/.test(before) && /[\w$#\\\u0080-\uffff]/.test(after)) ||
  (before === after && /[-+/]/.test(before)) ||
  (/\d/.test(before) && after === '.') ||
  `${before}${after}` === '<!';
