import { headerFields } from './http1-head.ts';

/**
 * What became of a transfer, as `rest_get()` returns it:
 *
 * | rc | | status | body and content type |
 * | --- | --- | --- | --- |
 * | 1 | an answer has come, whatever its status | of the answer | of the answer |
 * | -1 | connection refused, or no way to the host | 0 | none |
 * | -2 | no connection within `connection_timeout` (DNS, TCP and TLS) | 0 | none |
 * | -3 | connected, but not done within `curl_timeout` | of the answer, 0 before its status | what had come of them |
 * | -4 | another client is connecting to this host name, with the connect lock | 0 | none |
 * | -10 | anything else: unusable URL or name, TLS refused, garbage, reset, too large, aborted | of the answer, 0 before its status | none |
 *
 * A script assigns the status always, body and content type where {@link Outcome.assigns} is true.
 */
export type ReturnCode = 1 | -1 | -2 | -3 | -4 | -10;

export type ConnectionProtocol = 'http/1.0' | 'http/1.1' | 'h2';

/** The connection that a transfer used. */
export interface ConnectionInfo {
  /** Counts the connections of this process from 1. */
  readonly id: number;
  readonly protocol: ConnectionProtocol;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** TLS version (`TLSv1.3`), empty without TLS. */
  readonly tls: string;
  /** True when its TLS session was resumed from an earlier connection. */
  readonly tlsResumed: boolean;
}

/** Milliseconds from the call to the end of each phase, 0 for a phase that there was not. */
export interface PhaseTimes {
  readonly lookup: number;
  readonly connect: number;
  readonly tls: number;
  /** The answer's header was complete. */
  readonly firstByte: number;
  readonly total: number;
}

/** Collects the phases' times while a transfer runs. */
export class PhaseClock {
  started = 0;
  lookup = 0;
  connect = 0;
  tls = 0;
  firstByte = 0;
  ended = 0;
}

export const NO_BODY: Buffer = Buffer.alloc(0);
/** The text of a head of HTTP/1, or names and values in turn. */
export type RawHeaders = string | readonly string[];
const NO_HEADERS: RawHeaders = [];

export interface OutcomeParts {
  rc: ReturnCode;
  retcode: number;
  body: Buffer;
  contentType: string;
  reason: string;
  rawHeaders: RawHeaders | null;
  clock: PhaseClock;
  connection: ConnectionInfo | null;
  reused: boolean;
}

/** What a call resolves to. Plain values; nothing of it changes any more. */
export class Outcome {
  /** The return code as a script sees it. */
  readonly rc: ReturnCode;
  /** HTTP status, 0 when no status line has come. */
  readonly retcode: number;
  /** The bytes as they came, chunking removed; on -3 what had come so far, on other failures empty. */
  readonly body: Buffer;
  /** Value of the last Content-Type field as a byte string, empty without one. */
  readonly contentType: string;
  /** On failure: what went wrong, for people and logs. Free of passwords and of the URL's query. */
  readonly reason: string;
  /** The connection that was used, null when there was none. */
  readonly connection: ConnectionInfo | null;
  /** True when that connection had served a request before. */
  readonly reused: boolean;
  readonly #rawHeaders: RawHeaders;
  readonly #clock: PhaseClock;

  constructor(parts: OutcomeParts) {
    this.rc = parts.rc;
    this.retcode = parts.retcode;
    this.body = parts.body;
    this.contentType = parts.contentType;
    this.reason = parts.reason;
    this.connection = parts.connection;
    this.reused = parts.reused;
    this.#rawHeaders = parts.rawHeaders ?? NO_HEADERS;
    this.#clock = parts.clock;
  }

  /** True where a script's body and content type variables are set: on 1 and -3. */
  get assigns(): boolean {
    return this.rc === 1 || this.rc === -3;
  }

  /** True for rc 1 and a 2xx status. */
  get ok(): boolean {
    return this.rc === 1 && this.retcode >= 200 && this.retcode < 300;
  }

  /** The body as text, UTF-8. */
  get text(): string {
    return this.body.toString('utf8');
  }

  /** The body as JSON. @throws SyntaxError when it is none */
  json(): unknown {
    return JSON.parse(this.text);
  }

  /** The answer's header fields as they came: name and value, byte strings, in order. */
  get headers(): readonly (readonly [name: string, value: string])[] {
    const fields = this.#fields;
    const out: [string, string][] = [];
    for (let i = 0; i + 1 < fields.length; i += 2) out.push([fields[i] ?? '', fields[i + 1] ?? '']);
    return out;
  }

  /** The first field of that name, in whatever case; undefined without one. */
  header(name: string): string | undefined {
    const fields = this.#fields;
    const lower = name.toLowerCase();
    for (let i = 0; i + 1 < fields.length; i += 2) {
      if (fields[i]?.toLowerCase() === lower) return fields[i + 1];
    }
    return undefined;
  }

  get #fields(): readonly string[] {
    return typeof this.#rawHeaders === 'string' ? headerFields(this.#rawHeaders) : this.#rawHeaders;
  }

  /** When the phases were over. */
  get times(): PhaseTimes {
    const { started, lookup, connect, tls, firstByte, ended } = this.#clock;
    const since = (at: number): number => (at === 0 ? 0 : at - started);
    return {
      lookup: since(lookup),
      connect: since(connect),
      tls: since(tls),
      firstByte: since(firstByte),
      total: ended - started,
    };
  }
}
