/** Reads files named in a script, in a configuration or on the command line. */
export { FileError, largestFile, readRegularFile } from './regular-file.ts';
