/** What is done for a dialog: the flags of create_dialog(). Source: modules/dialog of the manual. */

/** The letters are those of older versions. */
export const dialogOptions = {
  B: 'bye-on-timeout',
  P: 'options-ping-caller',
  p: 'options-ping-callee',
  R: 'reinvite-ping-caller',
  r: 'reinvite-ping-callee',
  E: 'end-on-race-condition',
  A: 'auto-prack',
} as const;

export type DialogOption = (typeof dialogOptions)[keyof typeof dialogOptions];

export const optionNames: readonly DialogOption[] = Object.values(dialogOptions);

/** Sets of options that dialogs share: scripts use few. */
const sets = new Map<string, ReadonlySet<DialogOption>>();
const mostSets = 1 << optionNames.length;

/** The set of these options, the same for the same ones; others are left out. */
export function optionSet(names: Iterable<string>): ReadonlySet<DialogOption> {
  const given = new Set(names);
  const chosen = optionNames.filter((name) => given.has(name));
  const key = chosen.join();
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set(chosen);
  if (sets.size < mostSets) sets.set(key, made);
  return made;
}
