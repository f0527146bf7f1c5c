/** Whether a file is TypeScript or JavaScript, by its name. */
export const isCodeFile = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);

/** Whether its types are removed before it runs. */
export const isTypeScript = (file: string): boolean => /\.m?ts$/.test(file);
