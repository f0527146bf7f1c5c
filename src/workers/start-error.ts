/** Why a server could not start: a sentence for people. */
export class StartError extends Error {
  /** The system's code where there is one: `EADDRINUSE`. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
  }
}
