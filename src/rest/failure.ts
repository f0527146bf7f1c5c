/**
 * The cause of an outcome of the kind `error`:
 *
 * | code | |
 * | --- | --- |
 * | `aborted` | the signal of the request has fired |
 * | `busy` | the process has too much under way: bodies of answers, questions to name servers |
 * | `closed` | the client is closed |
 * | `descriptors` | the process has no file descriptor left |
 * | `dns` | the host name has no address, or its name servers do not answer |
 * | `header` | a header field of the request cannot be sent |
 * | `lock` | the keeper of the connect lock cannot be reached |
 * | `network` | the system does not connect, for another reason than a refusal |
 * | `ports` | no local port is left towards the server |
 * | `protocol` | the answer is not HTTP, or breaks its rules |
 * | `proxy` | the proxy cannot be used, or does not let the request through |
 * | `reset` | the server closed or reset the connection, or the stream, before its answer was complete |
 * | `tls` | the handshake failed, or a certificate was refused |
 * | `too-large` | the answer exceeds a limit |
 * | `url` | the URL cannot be used |
 */
export type ErrorCode =
  | 'aborted'
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
      readonly kind: 'refused' | 'connect-timeout' | 'timeout' | 'locked';
      readonly reason: string;
    }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly reason: string };

export const failed = (code: ErrorCode, reason: string): Failure => ({ kind: 'error', code, reason });

/** Why a request came to nothing on a connection. */
export interface ExchangeFailure {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly fate: RequestFate;
}

/**
 * What is known about a request that failed on its connection. `unsent`: not a byte was written; `unprocessed`: the
 * server says that it did not process it (HTTP/2); `unknown`: the connection was lost, and the server may have acted
 * on it; `answered`: the failure is in its answer.
 */
export type RequestFate = 'unsent' | 'unprocessed' | 'unknown' | 'answered';
