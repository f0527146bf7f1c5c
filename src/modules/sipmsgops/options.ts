/** Functions on headers that are comma-separated lists: Supported, Require, Allow ... */
import { defineFunctions, type Edit, type Run } from '../../runtime/index.ts';
import { defineArgument, lowerAscii } from '../../script/index.ts';
import { headerKey, splitList, unfold } from '../../sip/index.ts';

const source = 'modules/sipmsgops';
const header = defineArgument({ name: 'hdr_name', type: 'string', summary: 'The name of the header.' });
const option = defineArgument({
  name: 'option',
  type: 'string',
  summary: 'One of the comma-separated values.',
});

interface Instance {
  readonly header: number;
  /** Reads values after all edits so far, which lets several calls change the same header. */
  readonly text: string;
  readonly values: readonly string[];
}

/** The headers of a name that have not been removed. */
function instances(run: Run, name: string): Instance[] {
  const key = headerKey(name.trim());
  const list = run.draft.edits;
  return (run.message?.headers ?? []).flatMap((one, index) => {
    if (one.key !== key || list.some((edit) => edit.kind === 'remove' && edit.header === index)) return [];
    const latest = list.findLast(
      (edit): edit is Extract<Edit, { kind: 'set-value' }> =>
        edit.kind === 'set-value' && edit.header === index,
    );
    const text = unfold(latest?.value ?? one.value);
    return { header: index, text, values: splitList(text) };
  });
}

/** Removes one of several values with an adjacent comma; the rest stays unchanged. */
function withoutValue({ text, values }: Instance, index: number): string {
  let from = 0;
  let end = 0;
  for (const value of values.slice(0, index + 1)) {
    from = text.indexOf(value, end);
    end = from + value.length;
  }
  const next = text.indexOf(',', end);
  if (next >= 0) return (text.slice(0, from) + text.slice(next + 1)).trim();
  return text.slice(0, Math.max(0, text.lastIndexOf(',', from))).trim();
}

export const optionFunctions = defineFunctions([
  {
    name: 'list_hdr_has_option',
    arguments: [header, option],
    summary: 'Whether a header with comma-separated values has this one.',
    source,
    run: (run, name, value) => {
      const wanted = lowerAscii(value);
      const all = run.message?.headerList(name) ?? [];
      return all.some((token) => lowerAscii(token) === wanted) ? 1 : -1;
    },
  },
  {
    name: 'list_hdr_add_option',
    arguments: [header, option],
    summary: 'Adds a value at the end of the first header of this name; false if there is none.',
    source,
    run: (run, name, value) => {
      const [first] = instances(run, name);
      if (first === undefined) return -1;
      if (value === '') return 1;
      if (!isOption(value)) {
        run.complain('list_hdr_add_option(): expected one value, without commas and line breaks');
        return -1;
      }
      const list = first.values.length === 0 ? value.trim() : `${first.text},${value.trim()}`;
      run.draft.edits.push({ kind: 'set-value', header: first.header, value: list });
      return 1;
    },
  },
  {
    name: 'list_hdr_remove_option',
    arguments: [header, option],
    summary:
      'Removes a value from all headers of this name, and headers that become empty; false if none has it.',
    source,
    run: (run, name, value) => {
      const wanted = lowerAscii(value.trim());
      let removed = false;
      for (const one of instances(run, name)) {
        // if a value occurs twice in a header, the last one is removed
        const at = one.values.findLastIndex((token) => lowerAscii(token) === wanted);
        if (at < 0) continue;
        removed = true;
        run.draft.edits.push(
          one.values.length === 1
            ? { kind: 'remove', header: one.header }
            : { kind: 'set-value', header: one.header, value: withoutValue(one, at) },
        );
      }
      return removed ? 1 : -1;
    },
  },
]);

/** Whether the text is a single value: a comma outside quotes would split it. */
const isOption = (text: string) =>
  text.trim() !== '' && !/[\x00-\x1f\x7f]/.test(text) && splitList(text).length === 1;
