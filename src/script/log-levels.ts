/** The log levels of the manual's xlog() and log_level, and their numbers. */
export const logLevels = {
  L_ALERT: -3,
  L_CRIT: -2,
  L_ERR: -1,
  L_WARN: 1,
  L_NOTICE: 2,
  L_INFO: 3,
  L_DBG: 4,
} as const satisfies Readonly<Record<string, number>>;

/**
 * Other spellings in older scripts, where only the third letter of a name counted (the xlog module's page in the manual
 * of 1.4).
 */
const formerLevels: Readonly<Record<string, number>> = {
  L_CRITICAL: logLevels.L_CRIT,
  L_ERROR: logLevels.L_ERR,
  L_WARNING: logLevels.L_WARN,
  L_DEBUG: logLevels.L_DBG,
};

/** `L_INFO`, `3` or `"3"` as a number from -3 to 4; null for anything else. Numbers beyond are clamped. */
export function logLevel(value: string | number | null): number | null {
  if (value === null) return null;
  if (typeof value === 'string' && Object.hasOwn(logLevels, value))
    return logLevels[value as keyof typeof logLevels];
  if (typeof value === 'string' && Object.hasOwn(formerLevels, value)) return formerLevels[value] as number;
  const number = Number(value);
  if (!Number.isInteger(number) || value === '') return null;
  return Math.max(-3, Math.min(4, number));
}
