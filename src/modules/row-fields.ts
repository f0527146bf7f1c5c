/** Fields of rows of tables. */

/** A whole number with a sign, up to 2^31; null for any other text. */
export const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\s*[+-]?\d{1,10}\s*$/.test(text) && Math.abs(Number(text)) < 2 ** 32
    ? Number(text)
    : null;
