/**
 * The cause of an outcome of the kind `error`:
 *
 * | code | |
 * | --- | --- |
 * | `aborted` | the signal of the request has fired |
 * | `body` | the body of the request cannot be read, or has not the length that was announced |
 * | `busy` | the process has too many pending bodies or name server queries |
 * | `closed` | the client is closed |
 * | `descriptors` | the process has used up its file descriptors |
 * | `dns` | the host name has no address, or its name servers do not answer |
 * | `header` | a header field of the request cannot be sent |
 * | `lock` | the process that keeps the connect lock cannot be reached |
 * | `network` | the system cannot connect, for a reason other than refusal |
 * | `ports` | all local ports towards the server are in use |
 * | `protocol` | the answer is not HTTP, or violates its rules |
 * | `proxy` | the proxy cannot be used, or refuses the request |
 * | `reset` | the server closed or reset the connection, or the stream, before its answer was complete |
 * | `tls` | the handshake failed, or a certificate was refused |
 * | `too-large` | the answer exceeds a limit |
 * | `url` | the URL cannot be used |
 */
export type ErrorCode =
  | 'aborted'
  | 'body'
  | 'busy'
  | 'closed'
  | 'descriptors'
  | 'dns'
  | 'header'
  | 'lock'
  | 'network'
  | 'ports'
  | 'protocol'
  | 'proxy'
  | 'reset'
  | 'tls'
  | 'too-large'
  | 'url';

/** How a transfer failed. */
export type Failure =
  | {
      readonly kind: 'refused' | 'connect-timeout' | 'timeout' | 'locked' | 'blocked';
      readonly reason: string;
    }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly reason: string };

export const failed = (code: ErrorCode, reason: string): Failure => ({ kind: 'error', code, reason });

/** Why an exchange failed on its connection. */
export interface ExchangeFailure {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly fate: RequestFate;
}

/**
 * What is known about a request whose connection failed. `unsent`: nothing was written; `unprocessed`: the server says
 * that it did not process it (HTTP/2); `unknown`: the server may have acted on it; `answered`: its answer is at fault.
 */
export type RequestFate = 'unsent' | 'unprocessed' | 'unknown' | 'answered';
