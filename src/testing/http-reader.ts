/** Reads HTTP/1 requests at the server's end of a connection. */

/** A request without what the service adds. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headerList: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface HttpReaderListener {
  /** The client waits for 100 Continue before it sends its body. */
  onExpectation(): void;
  onRequest(request: ReadRequest): void;
  /** The bytes are not HTTP/1, of which `start` are the first. */
  onGarbage(start: string): void;
}

interface Head {
  readonly parts: Omit<ReadRequest, 'body'>;
  readonly end: number;
  find(name: string): string | undefined;
}

export class HttpReader {
  readonly #listener: HttpReaderListener;
  #pending: Buffer = Buffer.alloc(0);
  #hasContinued = false;

  constructor(listener: HttpReaderListener) {
    this.#listener = listener;
  }

  push(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    while (this.#take());
  }

  /** Reads one request; false if it is incomplete. */
  #take(): boolean {
    const head = readHead(this.#pending);
    if (head === null) return false;
    if (head === 'garbage') {
      this.#listener.onGarbage(this.#pending.toString('latin1', 0, 40));
      this.#pending = Buffer.alloc(0);
      return false;
    }
    if (head.find('expect') !== undefined && !this.#hasContinued) {
      this.#hasContinued = true;
      this.#listener.onExpectation();
    }
    const body = readBody(this.#pending, head);
    if (body === null) return false;
    this.#hasContinued = false;
    this.#pending = this.#pending.subarray(body.end);
    this.#listener.onRequest({ ...head.parts, body: body.bytes.toString('utf8') });
    return this.#pending.length > 0;
  }
}

function readHead(bytes: Buffer): Head | 'garbage' | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, method, target, version] = /^(\S+) (\S+) (HTTP\/1\.[01])$/.exec(first) ?? [];
  if (method === undefined || target === undefined || version === undefined) return 'garbage';
  const headerList = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return {
    parts: { method, target, version, headerList },
    end: end + 4,
    find: (name) => headerList.find(([key]) => key.toLowerCase() === name)?.[1],
  };
}

interface Body {
  readonly bytes: Buffer;
  /** Where the next request begins. */
  readonly end: number;
}

function readBody(bytes: Buffer, head: Head): Body | null {
  if (head.find('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(bytes, head.end);
  const end = head.end + Number(head.find('content-length') ?? 0);
  return bytes.length < end ? null : { bytes: bytes.subarray(head.end, end), end };
}

function readChunks(bytes: Buffer, start: number): Body | null {
  const pieces: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (!(next <= bytes.length)) return null;
    if (size === 0) return { bytes: Buffer.concat(pieces), end: next };
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
