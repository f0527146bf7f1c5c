/** Whether a file belongs to a package: those are loaded once, and not compiled here. */
export const isInPackages = (path: string): boolean => /[/\\]node_modules[/\\]/.test(path);
