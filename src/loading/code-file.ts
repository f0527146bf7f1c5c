/** Whether a file is TypeScript or JavaScript, by its name. */
export const isCodeFile = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);
