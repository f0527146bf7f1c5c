/** Words that are numbers. */
const numberWords: Readonly<Record<string, number>> = {
  yes: 1,
  on: 1,
  true: 1,
  enabled: 1,
  enable: 1,
  no: 0,
  off: 0,
  false: 0,
  disabled: 0,
  disable: 0,
};

export function numberOfWord(word: string): number | null {
  const lower = word.toLowerCase();
  return Object.hasOwn(numberWords, lower) ? (numberWords[lower] as number) : null;
}
