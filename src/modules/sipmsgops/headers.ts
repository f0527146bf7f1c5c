/** Functions that add, remove and collect headers. */
import { defineFunctions, type Edit, type Run } from '../../runtime/index.ts';
import { defineArgument, type Status } from '../../script/index.ts';
import { headerKey, headerText, type SipMessage } from '../../sip/index.ts';
import { cachedRegex, globMatches } from '../../text/index.ts';

const source = 'modules/sipmsgops';
const lines = defineArgument({
  name: 'txt',
  type: 'string',
  intoHeaders: true,
  summary: 'Whole header lines, each ending with `\\r\\n`. Variables may not contain line breaks.',
});

const string = (name: string, summary: string) => defineArgument({ name, type: 'string', summary });

/** Records the edit that `make` returns for valid header lines; -1, after logging an error, for invalid text. */
function insert(
  run: Run,
  name: string,
  text: string,
  make: (lines: string, message: SipMessage) => Edit,
): Status {
  const { message } = run;
  if (message === null) return -1;
  if (text === '') return 1;
  const checked = headerText(text);
  if (checked === null || checked === '') {
    run.complain(`${name}(): expected header lines, each "Name: value" with \\r\\n`);
    return -1;
  }
  run.draft.edits.push(make(checked, message));
  return 1;
}

const indexOf = (message: SipMessage, name: string) =>
  message.headers.findIndex((header) => header.key === headerKey(name));

/** Removes all headers whose name passes the test. */
function remove(run: Run, test: (name: string) => boolean): Status {
  const { message } = run;
  const found = (message?.headers ?? []).flatMap(({ name }, header) => (test(name) ? header : []));
  for (const header of found) run.draft.edits.push({ kind: 'remove', header });
  return found.length > 0 ? 1 : -1;
}

function removeMatching(run: Run, caller: string, pattern: string): Status {
  const regex = cachedRegex(pattern, { ignoreCase: true });
  if (regex !== null) return remove(run, (name) => regex.test(name));
  run.complain(`${caller}(): invalid regular expression "${pattern}"`);
  return -1;
}

function removeGlob(run: Run, pattern: string): Status {
  return remove(run, (name) => globMatches(pattern, name));
}

export const headerFunctions = defineFunctions([
  {
    name: 'append_hf',
    arguments: [
      lines,
      { ...string('hdr_anchor', 'Inserts after the first line of this header.'), optional: true },
    ],
    summary: 'Adds header lines at the end, or after another header.',
    source,
    run: (run, text, anchor) =>
      insert(run, 'append_hf', text, (checked, message) => {
        const header = anchor === undefined ? -1 : indexOf(message, anchor);
        return header < 0
          ? { kind: 'append', lines: checked }
          : { kind: 'insert-after', header, lines: checked };
      }),
  },
  {
    name: 'insert_hf',
    arguments: [lines, { ...string('hdr', 'Inserts before the first line of this header.'), optional: true }],
    summary: 'Adds header lines at the start, or before another header.',
    source,
    run: (run, text, anchor) =>
      insert(run, 'insert_hf', text, (checked, message) => ({
        kind: 'insert-before',
        header: anchor === undefined ? 0 : Math.max(0, indexOf(message, anchor)),
        lines: checked,
      })),
  },
  {
    name: 'append_urihf',
    arguments: [
      {
        ...string('prefix', 'The name of the header and the text before the URI.'),
        intoHeaders: true,
      },
      { ...string('suffix', 'The text after the URI, at least `\\r\\n`.'), intoHeaders: true },
    ],
    routes: ['route', 'failure_route', 'branch_route'],
    summary: 'Adds a header that contains the received request URI.',
    source,
    run: (run, prefix, suffix) =>
      insert(
        run,
        'append_urihf',
        `${prefix}${run.request.message?.requestUri ?? ''}${suffix}`,
        (checked) => ({ kind: 'append', lines: checked }),
      ),
  },
  {
    name: 'remove_hf',
    arguments: [
      string('hname', 'The name of the header; also matches its compact form.'),
      {
        name: 'flags',
        type: 'static',
        oneOf: ['r', 'g'],
        optional: true,
        summary: 'For older scripts: `r` acts like remove_hf_re(), `g` like remove_hf_glob().',
      },
    ],
    summary: 'Removes all headers of this name; false if there is none.',
    source: `${source}; the flags, of 2.4`,
    run: (run, name, flags) => {
      if (flags === 'r') return removeMatching(run, 'remove_hf', name);
      if (flags === 'g') return removeGlob(run, name);
      const wanted = headerKey(name.trim());
      return remove(run, (one) => headerKey(one) === wanted);
    },
  },
  {
    name: 'remove_hf_re',
    arguments: [{ name: 'hname_expr', type: 'regex', summary: 'A POSIX extended regular expression.' }],
    summary: 'Removes all headers whose names match; false if none does.',
    source,
    run: (run, pattern) => removeMatching(run, 'remove_hf_re', pattern),
  },
  {
    name: 'remove_hf_glob',
    arguments: [string('hname_pattern', 'A pattern with `*` and `?` as in file names; case-sensitive.')],
    summary: 'Removes all headers whose names match; false if none does.',
    source,
    run: removeGlob,
  },
  {
    name: 'get_glob_headers_values',
    arguments: [
      string('hdr_name_glob', 'A pattern with `*` and `?` as in file names; case-sensitive.'),
      { name: 'hdr_names_avp', type: 'variable', summary: 'Gets the names, one value each.' },
      { name: 'hdr_vals_avp', type: 'variable', summary: 'Gets the values in the same order.' },
    ],
    summary: 'Collects the headers whose names match; false if none does.',
    source,
    run: (run, pattern, names, values) => {
      const found = (run.message?.headers ?? []).filter(({ name }) => globMatches(pattern, name));
      for (const { name, value } of found) {
        names.set(run, name);
        values.set(run, value);
      }
      return found.length > 0 ? 1 : -1;
    },
  },
  {
    name: 'sip_to_json',
    arguments: [{ name: 'out_var', type: 'variable', summary: 'Gets the JSON.' }],
    summary:
      'Converts the message to JSON: `first_line` including its line break, `headers` (an array of values per name) and, if any, `body`.',
    source,
    run: (run, target) => {
      const { message } = run;
      if (message === null) return -1;
      const headers = new Map<string, string[]>();
      const byKey = new Map<string, string[]>();
      for (const { name, value } of message.headers) {
        const key = name.toLowerCase();
        const values = byKey.get(key);
        if (values === undefined) {
          const first = [value];
          byKey.set(key, first);
          headers.set(name, first);
        } else values.push(value);
      }
      const json = JSON.stringify({
        first_line:
          message.kind === 'request'
            ? `${message.method} ${message.requestUri} SIP/2.0\r\n`
            : `SIP/2.0 ${message.status} ${message.reason}\r\n`,
        headers: Object.fromEntries(headers),
        ...(message.body === '' ? {} : { body: message.body }),
      });
      return target.set(run, json) ? 1 : -1;
    },
  },
]);
