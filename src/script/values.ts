/** The values of scripts. Strings are byte strings: JavaScript strings in which every char code is one byte. */

/** What a variable holds: a byte string, a 32-bit signed integer, or nothing. */
export type Value = string | number | null;

/** What a function returns to the script: positive is true, negative or 0 false; it becomes `$rc`. */
export type Status = number;
