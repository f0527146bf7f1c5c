/** The results of all processes as one: lists are joined, also those in an object; otherwise the first counts. */
export function joinResults(results: readonly unknown[]): unknown {
  const [first] = results;
  if (Array.isArray(first)) return results.flat();
  if (typeof first !== 'object' || first === null) return first;
  return Object.fromEntries(
    Object.entries(first).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? results.flatMap((one) => (one as Readonly<Record<string, unknown>>)[name] ?? [])
        : value,
    ]),
  );
}
