/** `FormData` as `multipart/form-data` (RFC 7578), read from its files while it is sent. */
import { randomBytes } from 'node:crypto';
import type { BodyPieces } from './request-stream.ts';

export interface Multipart {
  readonly contentType: string;
  readonly length: number;
  open(): BodyPieces;
}

export function multipart(form: FormData): Multipart {
  const boundary = `siprest-${randomBytes(16).toString('hex')}`;
  const pieces: (Buffer | Blob)[] = [];
  for (const [name, value] of form) {
    const isText = typeof value === 'string';
    const file = isText ? '' : `; filename="${escaped(value.name)}"`;
    const type = isText ? '' : `Content-Type: ${value.type || 'application/octet-stream'}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"${file}\r\n${type}\r\n`;
    pieces.push(
      Buffer.from(head),
      isText ? Buffer.from(value.replace(/\r?\n|\r/g, '\r\n')) : value,
      LINE_END,
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, one) => sum + (one instanceof Blob ? one.size : one.length), 0),
    async *open() {
      for (const one of pieces) {
        if (one instanceof Blob) yield* one.stream();
        else yield one;
      }
    },
  };
}

const LINE_END = Buffer.from('\r\n');

/** As browsers do (the HTML standard, multipart/form-data encoding algorithm). */
const escaped = (name: string): string => name.replace(/\r?\n|\r/g, '%0D%0A').replaceAll('"', '%22');
