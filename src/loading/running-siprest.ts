/**
 * The running siprest, as policies and modules import it: in a package, its own name leads to the files that run. The
 * bundle of a checkout has them in itself, so its build replaces this file.
 */
export const importRunning = (specifier: string): Promise<object> => import(specifier);
