/** What a transfer leaves for its outcome: the connection, the times, and the answer or the part of it that arrived. */
import { headerFields } from './http1-head.ts';

/** The HTTP version of a connection. */
export type ConnectionProtocol = 'http/1.0' | 'http/1.1' | 'h2';

/** The connection that a transfer used. */
export interface ConnectionInfo {
  /** Counts the connections of this process from 1. */
  readonly id: number;
  /** Its HTTP version. */
  readonly protocol: ConnectionProtocol;
  /** IP address of the server, or of the proxy. */
  readonly remoteAddress: string;
  /** Port of the server, or of the proxy. */
  readonly remotePort: number;
  /** Port on this side. */
  readonly localPort: number;
  /** TLS version (`TLSv1.3`), empty without TLS. */
  readonly tls: string;
  /** Whether its TLS session was resumed from an earlier connection. */
  readonly tlsResumed: boolean;
}

/**
 * When each phase ended, in milliseconds after the call; 0 for a phase that did not take place. After several attempts they are
 * those of the last one, and include all that went before it.
 */
export interface PhaseTimes {
  /** The addresses of the host name were known. */
  readonly lookup: number;
  /** TCP was connected. */
  readonly connect: number;
  /** The TLS handshake was complete. */
  readonly tls: number;
  /** The answer's header was complete. */
  readonly firstByte: number;
  /** The outcome was known. */
  readonly total: number;
}

/** What the attempts of a call have in common. */
export interface CallFigures {
  /** When the call began, on the client's clock. */
  readonly started: number;
  /** How many attempts have begun. */
  attempts: number;
}

/** Collects the times while a transfer runs. */
export class PhaseClock {
  /** The call that the transfer is an attempt of, if policies of its host may make several. */
  call: CallFigures | null = null;
  started = 0;
  /** How long the event loop was stalled meanwhile, if it was. */
  stalled = 0;
  lookup = 0;
  connect = 0;
  tls = 0;
  firstByte = 0;
  ended = 0;
}

/** The clock of a call that a policy ends. */
export function clockOf(call: CallFigures, now: number): PhaseClock {
  const clock = new PhaseClock();
  clock.call = call;
  clock.started = call.started;
  clock.ended = now;
  return clock;
}

export const NO_BODY: Buffer = Buffer.alloc(0);
/** The text of an HTTP/1 head, or names and values in turn. */
export type RawHeaders = string | readonly string[];
export const NO_HEADERS: RawHeaders = [];

/** Names and values in turn. */
export const fieldsOf = (raw: RawHeaders): readonly string[] =>
  typeof raw === 'string' ? headerFields(raw) : raw;

/** What the transfer contributes to an outcome. */
export interface Ended {
  readonly clock: PhaseClock;
  readonly info: ConnectionInfo | null;
  readonly reused: boolean;
  /** Status of the answer; 0 before. */
  readonly status: number;
}

export interface EndedWithAnswer extends Ended {
  readonly contentType: string;
  readonly rawHeaders: RawHeaders | null;
  readonly received: Buffer;
}

/** For a request that was not sent. */
export const UNSENT: EndedWithAnswer = {
  ...{ clock: new PhaseClock(), info: null, reused: false, status: 0 },
  ...{ contentType: '', rawHeaders: null, received: NO_BODY },
};
