/** The bodies that a caller may give, as bytes or as a stream. */
import { invalidOption, messageOf, RestOptionError } from './errors.ts';
import { multipart } from './multipart.ts';
import type { TextEncoding } from './percent-encoding.ts';
import { type BodyPieces, bytesOf, RequestStream } from './request-stream.ts';

/**
 * What a body may be. Text, bytes and `URLSearchParams` are sent as a whole. A `Blob`, `FormData` and any async iterable of
 * bytes or text (a `Readable`, a `ReadableStream`, an async generator) are read while they are sent.
 */
export type RequestBody = string | Uint8Array | URLSearchParams | Blob | FormData | BodyPieces;

/** A body as it is sent, with the content type that belongs to its kind. */
export interface ReadBody {
  readonly bytes: Buffer | null;
  readonly stream: RequestStream | null;
  /** Undefined: that of the method. */
  readonly type: string | undefined;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';
const NO_BODY: ReadBody = { bytes: null, stream: null, type: undefined };

interface BodyOptions {
  readonly body?: RequestBody | undefined;
  readonly json?: unknown;
  readonly contentLength?: number | undefined;
  readonly encoding?: TextEncoding | undefined;
}

/** Whether it is a body, and not options. */
export const isBody = (value: unknown): value is RequestBody =>
  typeof value === 'string' ||
  value instanceof Uint8Array ||
  value instanceof URLSearchParams ||
  value instanceof Blob ||
  value instanceof FormData ||
  isPieces(value);

const isPieces = (value: unknown): value is BodyPieces =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** @throws RestOptionError */
export function readBody({ body, json, contentLength, encoding = 'utf8' }: BodyOptions): ReadBody {
  if (json !== undefined) {
    if (body !== undefined)
      throw new RestOptionError('wrong-type', 'json', 'use either body or json, not both');
    return { bytes: Buffer.from(jsonText(json), 'utf8'), stream: null, type: JSON_TYPE };
  }
  if (body === undefined) return NO_BODY;
  const bytes = bytesOf(body, encoding);
  if (bytes !== null) return whole(bytes);
  if (body instanceof URLSearchParams) return whole(Buffer.from(body.toString()), FORM_TYPE);
  if (body instanceof FormData) {
    const { contentType, length, open } = multipart(body);
    return streamed(new RequestStream(open, { length, encoding, isRepeatable: true }), contentType);
  }
  if (body instanceof Blob) {
    const stream = new RequestStream(() => body.stream(), {
      length: body.size,
      encoding,
      isRepeatable: true,
    });
    return streamed(stream, body.type === '' ? undefined : body.type);
  }
  if (!isPieces(body))
    throw invalidOption('body', body, 'text, bytes, a form, a Blob or a stream; use json for other values');
  if (contentLength !== undefined && !(Number.isSafeInteger(contentLength) && contentLength >= 0))
    throw invalidOption('contentLength', contentLength, 'a number of bytes');
  return streamed(
    new RequestStream(() => body, { length: contentLength ?? null, encoding, isRepeatable: false }),
  );
}

const whole = (bytes: Buffer, type?: string): ReadBody => ({ bytes, stream: null, type });
const streamed = (stream: RequestStream, type?: string): ReadBody => ({ bytes: null, stream, type });

function jsonText(value: unknown): string {
  let text: string | undefined;
  let why = 'it has no JSON';
  try {
    // undefined for a function or a symbol, which the declaration does not say
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    why = messageOf(error);
  }
  if (text === undefined) throw new RestOptionError('wrong-type', 'json', `invalid json: ${why}`);
  return text;
}
