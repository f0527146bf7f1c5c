/** The texts of cache_raw_query(): the words of a query, and the AVPs for its results. */

/** The words of a query, which blanks separate. A word in double or single quotes may have blanks. */
export function queryWords(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}

/** The names in `$avp(a);$avp(b)`; null if the text is anything else. */
export function avpNames(text: string): readonly string[] | null {
  const names = text.split(/[;,]/).map((one) => /^\s*\$avp\(([^$()]+)\)\s*$/.exec(one)?.[1]?.trim() ?? '');
  return names.includes('') ? null : names;
}
