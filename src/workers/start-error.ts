/** Why a server could not start; the message is meant for users. */
export class StartError extends Error {
  /** The system's code if any: `EADDRINUSE`. */
  readonly code: string | undefined;
  /** The socket that could not be opened: `udp:127.0.0.1:5060`. */
  readonly socket: string | undefined;
  /** @internal */
  constructor(message: string, code?: string, socket?: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
    this.socket = socket;
  }
}
