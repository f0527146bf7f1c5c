/** The headers and body of a message as handlers see and change them: the request, a branch's copy of it, or a reply. */
import type { Draft, Edit } from '../runtime/index.ts';
import { canonicalHeaderName, headerKey, headerText, unfold } from '../sip/index.ts';
import { decode, decodeOr, encode } from './text.ts';

/** Header lines by name, for messages to be sent; null removes one. Several values are several lines. */
export type HeaderValues = Readonly<Record<string, string | number | readonly string[] | null>>;

/** A checked header line without its end. @throws TypeError */
export function headerLine(name: string, value: string | number): string {
  const line = `${canonicalHeaderName(name)}: ${encode(String(value))}`;
  if (headerText(line) === null || line.includes('\n'))
    throw new TypeError(`invalid header line ${JSON.stringify(`${name}: ${value}`)}`);
  return line;
}

/** All header lines of these values, each with its end. @throws TypeError */
export function headerLines(values: HeaderValues): string {
  let lines = '';
  for (const [name, value] of Object.entries(values)) {
    if (value === null) continue;
    for (const one of typeof value === 'object' ? value : [value]) lines += `${headerLine(name, one)}\r\n`;
  }
  return lines;
}

const ownedByServer = new Set(['via', 'content-length', 'max-forwards']);

/**
 * The headers of a message. Names may be full or compact, in any case. Changes apply to the message that goes on; reads
 * see them.
 */
export class MessageHeaders {
  readonly #draft: Draft;

  /** @internal */
  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** The value of the first header of this name. */
  get(name: string): string | undefined {
    if (this.#draft.edits.length === 0) return decodeOr(this.#draft.message?.header(name));
    return this.getAll(name)[0];
  }

  /** The values of all headers of this name, one for each line. */
  getAll(name: string): readonly string[] {
    const key = headerKey(name);
    const { edits, message } = this.#draft;
    const values: string[] = [];
    for (const [i, header] of (message?.headers ?? []).entries()) {
      if (header.key !== key) continue;
      const edit = edits.findLast(
        (one) => (one.kind === 'set-value' || one.kind === 'remove') && one.header === i,
      );
      if (edit?.kind === 'remove') continue;
      values.push(decode(unfold(edit?.kind === 'set-value' ? edit.value : header.value)));
    }
    for (const edit of edits)
      if (edit.kind === 'append' && keyOf(edit.lines) === key) values.push(decode(valueOf(edit.lines)));
    return values;
  }

  /** Whether there is a header of this name. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /**
   * Replaces all headers of this name by one.
   * @throws TypeError for an invalid name or value
   */
  set(name: string, value: string | number): void {
    const key = this.#changed(name);
    const line = headerLine(name, value);
    let isFirst = true;
    for (const [header, { key: one }] of (this.#draft.message?.headers ?? []).entries()) {
      if (one !== key) continue;
      this.#draft.edits.push(
        isFirst ? { kind: 'set-value', header, value: encode(String(value)) } : { kind: 'remove', header },
      );
      isFirst = false;
    }
    if (isFirst) this.#draft.edits.push({ kind: 'append', lines: `${line}\r\n` });
  }

  /**
   * Adds a header below the others.
   * @throws TypeError for an invalid name or value
   */
  add(name: string, value: string | number): void {
    this.#refuseOwned(headerKey(name));
    this.#draft.edits.push({ kind: 'append', lines: `${headerLine(name, value)}\r\n` });
  }

  /** Removes all headers of this name. */
  delete(name: string): void {
    const key = this.#changed(name);
    for (const [header, { key: one }] of (this.#draft.message?.headers ?? []).entries())
      if (one === key) this.#draft.edits.push({ kind: 'remove', header });
  }

  /** {@link MessageHeaders.set} for each name; null removes it. */
  assign(values: HeaderValues): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === null) this.delete(name);
      else if (typeof value !== 'object') this.set(name, value);
      else {
        this.delete(name);
        for (const one of value) this.add(name, one);
      }
    }
  }

  /** Name and value of each header, in the order of the message as received, then those added. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    const seen = new Set<string>();
    for (const { name, key } of this.#draft.message?.headers ?? []) {
      if (seen.has(key)) continue;
      seen.add(key);
      for (const value of this.getAll(name)) yield [name, value];
    }
    for (const edit of this.#draft.edits) {
      if (edit.kind !== 'append' || seen.has(keyOf(edit.lines))) continue;
      yield [edit.lines.slice(0, edit.lines.indexOf(':')), decode(valueOf(edit.lines))];
    }
  }

  /** The key of a header about to be changed, whose earlier changes are dropped. */
  #changed(name: string): string {
    const key = headerKey(name);
    this.#refuseOwned(key);
    const { edits, message } = this.#draft;
    const isOther = (edit: Edit): boolean => {
      if (edit.kind === 'append') return keyOf(edit.lines) !== key;
      if (edit.kind === 'set-value' || edit.kind === 'remove')
        return message?.headers[edit.header]?.key !== key;
      return true;
    };
    const others = edits.filter(isOther);
    if (others.length < edits.length) edits.splice(0, edits.length, ...others);
    return key;
  }

  #refuseOwned(key: string): void {
    if (ownedByServer.has(key))
      throw new TypeError(`the server sets ${canonicalHeaderName(key)} itself: a handler cannot change it`);
  }
}

const keyOf = (line: string) => headerKey(line.slice(0, line.indexOf(':')).trim());
const valueOf = (line: string) => line.slice(line.indexOf(':') + 1).trim();

const SDP = 'application/sdp';

/** A message as a handler sees and changes it. */
export abstract class MessageView {
  #headers: MessageHeaders | null = null;

  /** The message with the changes so far. @internal */
  protected abstract get draft(): Draft;

  /** The headers by name. */
  get headers(): MessageHeaders {
    this.#headers ??= new MessageHeaders(this.draft);
    return this.#headers;
  }

  /** The body as text; '' without one. */
  get body(): string {
    return decode(this.draft.body.text);
  }

  /** The body as bytes. */
  get bodyBytes(): Buffer {
    return Buffer.from(this.draft.body.text, 'latin1');
  }

  /** The Content-Type of the body. */
  get contentType(): string | undefined {
    return decodeOr(this.draft.body.contentType);
  }

  /**
   * Replaces the body.
   * @throws TypeError for an invalid Content-Type
   */
  setBody(body: string | Uint8Array, contentType: string): void {
    headerLine('Content-Type', contentType);
    const text = typeof body === 'string' ? encode(body) : Buffer.from(body).toString('latin1');
    this.draft.replaceParts(text === '' ? [] : [{ type: encode(contentType), headers: '', body: text }]);
  }

  /** The SDP in the body, or in one of its parts. */
  get sdp(): string | undefined {
    return decodeOr(this.draft.body.parts.find(({ type }) => isSdp(type))?.body);
  }

  /** Replaces the SDP in the body, or the body if it has none. */
  setSdp(sdp: string): void {
    const { parts } = this.draft.body;
    if (!parts.some(({ type }) => isSdp(type))) return this.setBody(sdp, SDP);
    this.draft.replaceParts(parts.map((part) => (isSdp(part.type) ? { ...part, body: encode(sdp) } : part)));
  }
}

const isSdp = (type: string) => type.split(';', 1)[0]?.trim().toLowerCase() === SDP;
