/** Suggestions for mistyped names. */

/**
 * Edit distance of two names: insertions, deletions, replacements, and swaps of neighbours. Changes of case together
 * count as one. Gives up, returning `limit + 1`, when there are more than `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (a === b) return 0;
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  if (left === right) return 1;
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= right.length; j++) {
      const same = left.charCodeAt(i - 1) === right.charCodeAt(j - 1);
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        i > 1 &&
        j > 1 &&
        left.charCodeAt(i - 1) === right.charCodeAt(j - 2) &&
        left.charCodeAt(i - 2) === right.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] as number) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[right.length] as number;
}

/** Up to three of `names` that `name` may be a typo of, closest first. */
export function nearestNames(name: string, names: Iterable<string>): readonly string[] {
  // real names are short; comparing a longer one is not worth the time
  if (name.length === 0 || name.length > 100) return [];
  // a quarter of the name: t_relay() is not a misspelt t_reply()
  const threshold = Math.max(1, Math.floor(name.length / 4));
  const found: { readonly name: string; readonly distance: number }[] = [];
  const seen = new Set<string>();
  for (const candidate of names) {
    if (seen.has(candidate)) continue;
    seen.add(candidate);
    const distance = editDistance(name, candidate, threshold);
    // half of all names are within one edit of two letters: require the same letters, in another order or case
    if (distance <= threshold && (name.length > 2 || sameLetters(name, candidate)))
      found.push({ name: candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const best = found[0]?.distance ?? 0;
  return found
    .filter((one) => one.distance <= best + 1)
    .slice(0, 3)
    .map((one) => one.name);
}

function sameLetters(a: string, b: string): boolean {
  const letters = (name: string) => [...name.toLowerCase()].sort().join('');
  return letters(a) === letters(b);
}

/** `did you mean "a", "b" or "c"?`, or undefined if nothing is close. `quote` formats each name. */
export function didYouMean(
  name: string,
  names: Iterable<string>,
  quote: (name: string) => string = (one) => `"${one}"`,
): string | undefined {
  const near = nearestNames(name, names).map(quote);
  const last = near.pop();
  if (last === undefined) return undefined;
  return near.length === 0 ? `did you mean ${last}?` : `did you mean ${near.join(', ')} or ${last}?`;
}
