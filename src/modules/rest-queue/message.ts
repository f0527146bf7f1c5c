/** A message that waits for a service. */
export interface QueuedMessage {
  /** Its Idempotency-Key: the same each time it is sent. */
  readonly id: string;
  readonly url: string;
  /** Messages to a URL with the same key arrive in order. */
  readonly key: string;
  /** When it was queued, in ms since 1970. */
  readonly at: number;
  /** JSON. */
  readonly body: string;
}

/** Of a message in memory, beside its texts, in bytes. */
const overhead = 400;

export const sizeOf = ({ url, key, body }: QueuedMessage): number =>
  overhead + url.length + key.length + body.length;

export const encode = ({ url, key, at, body }: QueuedMessage): string => JSON.stringify([url, key, at, body]);

/** Null for text that {@link encode} did not write. */
export function decode(id: string, text: string): QueuedMessage | null {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parts)) return null;
  const [url, key, at, body] = parts as readonly unknown[];
  if (
    typeof url !== 'string' ||
    typeof key !== 'string' ||
    typeof at !== 'number' ||
    typeof body !== 'string'
  )
    return null;
  return { id, url, key, at, body };
}
