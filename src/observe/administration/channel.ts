/** A channel that carries JSON-RPC, such as a FIFO. */

export interface Channel {
  close(): void;
}

export interface ChannelOptions {
  /** Answers one request or batch; null for notifications. Never rejects. */
  readonly answer: (text: string) => Promise<string | null>;
  /** Receives errors, as sentences for people. */
  readonly onError: (message: string) => void;
}

/** The answer with line breaks, if wanted. */
export const written = (answer: string, isPretty: boolean): string =>
  isPretty ? JSON.stringify(JSON.parse(answer), null, 4) : answer;
