import type { IncomingMessage } from 'node:http';

/** The body of a request; null if it exceeds `most` bytes. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > most) return null;
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
