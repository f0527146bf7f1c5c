/** URIs and addresses of a message as handlers see them: decoded, with missing parts undefined. */
import {
  bareHost,
  formatUri,
  type NameAddr,
  parseUri,
  type Uri,
  uriParameter,
  withHost,
  withParams,
  withPort,
  withUser,
} from '../sip/index.ts';
import { decode, decodeOr, encode } from './text.ts';

/** Parts of a URI to be replaced; null removes one. */
export interface UriChanges {
  /** The user part, escaped as it will be sent. */
  readonly user?: string | null | undefined;
  /** A host name, or an IP address without brackets. */
  readonly host?: string | undefined;
  /** The port. */
  readonly port?: number | null | undefined;
  /** All parameters, without the first `;`. */
  readonly parameters?: string | null | undefined;
}

/** A URI and its parts as written: nothing is unescaped. A URI that is not SIP, SIPS or TEL has only its text. */
export class SipUri {
  /** The whole URI. */
  readonly text: string;
  readonly #parts: Uri | null;

  /** @internal */
  constructor(bytes: string, parts: Uri | null) {
    this.text = decode(bytes);
    this.#parts = parts;
  }

  /** `sip`, `sips`, `tel`, or the scheme of another URI, in lower case. */
  get scheme(): string {
    return this.text.slice(0, Math.max(this.text.indexOf(':'), 0)).toLowerCase();
  }

  /** The user, without a password; of a TEL URI the number. */
  get user(): string | undefined {
    return decodeOr(this.#parts?.user);
  }

  /** The host, an IPv6 address without its brackets. */
  get host(): string | undefined {
    return this.#parts?.host == null ? undefined : bareHost(this.#parts.host);
  }

  /** The port, if the URI has one. */
  get port(): number | undefined {
    return this.#parts?.port ?? undefined;
  }

  /** The value of a URI parameter: '' without a value, undefined if absent. */
  parameter(name: string): string | undefined {
    return this.#parts === null ? undefined : decodeOr(uriParameter(this.#parts, name));
  }

  /**
   * The URI with other parts, as text.
   * @throws TypeError if the result is not a valid URI
   */
  with({ user, host, port, parameters }: UriChanges): string {
    let uri: Uri | null = this.#parts;
    if (uri !== null && user !== undefined) uri = withUser(uri, user === null ? null : encode(user));
    if (uri !== null && host !== undefined) uri = withHost(uri, host);
    if (uri !== null && port !== undefined) uri = withPort(uri, port);
    if (uri !== null && parameters !== undefined)
      uri = withParams(uri, parameters === null ? null : encode(parameters));
    if (uri === null)
      throw new TypeError(`invalid parts of a URI: ${JSON.stringify({ user, host, port, parameters })}`);
    return decode(formatUri(uri));
  }

  /** The whole URI. */
  toString(): string {
    return this.text;
  }
}

/** The URI in a byte string. */
export const uriOf = (bytes: string): SipUri => new SipUri(bytes, parseUri(bytes));

/** An address of a header such as From, with its parameters. */
export class Address {
  readonly #value: NameAddr;

  /** @internal */
  constructor(value: NameAddr) {
    this.#value = value;
  }

  /** The whole value as written. */
  get text(): string {
    return decode(this.#value.text);
  }

  /** The display name without its quotes. */
  get displayName(): string | undefined {
    const { display } = this.#value;
    if (display === null) return undefined;
    return decode(display.startsWith('"') ? display.slice(1, -1).replace(/\\(.)/gs, '$1') : display);
  }

  /** The URI. */
  get uri(): SipUri {
    return new SipUri(this.#value.uri, this.#value.uriParts);
  }

  /** The user of the URI. */
  get user(): string | undefined {
    return decodeOr(this.#value.uriParts?.user);
  }

  /** The host of the URI, an IPv6 address without its brackets. */
  get host(): string | undefined {
    const host = this.#value.uriParts?.host ?? null;
    return host === null ? undefined : bareHost(host);
  }

  /** The tag parameter. */
  get tag(): string | undefined {
    return this.#value.tag ?? undefined;
  }

  /** The value of a header parameter, such as `expires`: '' without a value, undefined if absent. */
  parameter(name: string): string | undefined {
    return decodeOr(this.#value.parameter(name));
  }

  /** The whole value as written. */
  toString(): string {
    return this.text;
  }
}
