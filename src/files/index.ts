/** Reads files named in a script, in a configuration or on the command line, and keeps texts in files. */
export { includedPath } from './included-path.ts';
export { KeyedLog, type KeyedLogOptions, type LogContents } from './keyed-log.ts';
export { FileError, largestFile, readRegularFile } from './regular-file.ts';
