/** How much a log line matters. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Where the client says what went wrong. Secrets (passwords, Authorization, queries) are never passed. */
export type LogFunction = (level: LogLevel, message: string) => void;
