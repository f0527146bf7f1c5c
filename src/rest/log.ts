/** Severity of a log line. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Receives log lines, which never contain secrets (passwords, Authorization, queries). */
export type LogFunction = (level: LogLevel, message: string) => void;
