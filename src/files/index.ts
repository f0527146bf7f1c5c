/** Reads files named in a script, in a configuration or on the command line. */
export { includedPath } from './included-path.ts';
export { FileError, largestFile, readRegularFile } from './regular-file.ts';
