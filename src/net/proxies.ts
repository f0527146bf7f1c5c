/** HTTP proxies by the environment variables of curl: http_proxy, https_proxy, all_proxy, no_proxy. */
import { isIP } from './ip-address.ts';
import { Networks } from './networks.ts';

/** A proxy that requests go through. */
export interface Proxy {
  /** Name or address. */
  readonly hostname: string;
  readonly port: number;
  /** `Basic …`, or empty. Secret. */
  readonly authorization: string;
  /** Host and port, for logs. */
  readonly shown: string;
}

/** A proxy is configured, but unusable; the text contains no password. */
export interface UnusableProxy {
  readonly error: string;
}

/** The relevant part of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** libcurl's default port of a proxy. */
const DEFAULT_PORT = 1080;
const URL_PARTS =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/?#]*)(?::([^/?#]*))?(?:[/?#].*)?$/;
const CONTROL = /[\x00-\x1f\x7f]/;

/** Chooses the proxy of a request, as libcurl does. */
export class Proxies {
  readonly #byScheme: Readonly<Record<'http' | 'https', Proxy | UnusableProxy | null>>;
  /** Exceptions: names with all below them, addresses and networks. */
  readonly #names: readonly string[];
  readonly #networks = new Networks();
  readonly #all: boolean;

  constructor(environment: Environment = process.env) {
    // an empty variable counts as unset
    const first = (...names: readonly string[]): readonly [name: string, value: string] | null => {
      for (const name of names) {
        const value = environment[name];
        if (value !== undefined && value !== '') return [name, value];
      }
      return null;
    };
    const read = (...names: readonly string[]): Proxy | UnusableProxy | null => {
      const found = first(...names, 'all_proxy', 'ALL_PROXY');
      return found === null ? null : parseProxy(...found);
    };
    // HTTP_PROXY is not read: in a CGI program a client could set it with a header field `Proxy`
    this.#byScheme = { http: read('http_proxy'), https: read('https_proxy', 'HTTPS_PROXY') };
    const [, list = ''] = first('no_proxy', 'NO_PROXY') ?? [];
    this.#all = list.trim() === '*';
    const words = this.#all ? [] : list.split(/[,\s]+/).map(exceptionOf);
    this.#names = words.filter((word) => word !== '' && !this.#networks.add(withoutBrackets(word)));
  }

  /** Whether any proxy is configured. */
  get any(): boolean {
    return this.#byScheme.http !== null || this.#byScheme.https !== null;
  }

  /** Null: connect directly. @param hostname in lower case, IPv6 without brackets */
  of(scheme: 'http' | 'https', hostname: string): Proxy | UnusableProxy | null {
    const proxy = this.#byScheme[scheme];
    if (proxy === null || this.#all) return null;
    const host = hostname.replace(/\.$/, '').replace(/%.*/, '');
    return this.#isExcepted(host) ? null : proxy;
  }

  #isExcepted(host: string): boolean {
    if (isIP(host) !== 0) return this.#networks.has(host);
    return this.#names.some((name) => host === name || host.endsWith(`.${name}`));
  }
}

/** One entry of no_proxy, as it is compared. */
const exceptionOf = (word: string): string => word.toLowerCase().replace(/^\./, '').replace(/\.$/, '');

const withoutBrackets = (word: string): string => word.replace(/^\[(.*)\]/, '$1');

function parseProxy(variable: string, url: string): Proxy | UnusableProxy {
  const [, scheme = 'http', userinfo, bracketed = '', portText] = URL_PARTS.exec(url) ?? [];
  if (scheme.toLowerCase() !== 'http')
    return {
      error: `${variable} has the unsupported scheme ${scheme.toLowerCase()}, use an http:// proxy instead`,
    };
  const hostname = bracketed.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const port = portText === undefined || portText === '' ? DEFAULT_PORT : Number(portText);
  const valid = /^\d{0,5}$/.test(portText ?? '') && port > 0 && port <= 65_535;
  if (hostname === '' || CONTROL.test(url) || url.includes(' ') || !valid)
    return { error: `invalid ${variable}: use http://host:port or http://user:password@host:port` };
  const authorization = userinfo === undefined ? '' : basic(userinfo);
  if (authorization === null)
    return { error: `invalid ${variable}: its user or password contains a control character` };
  return { hostname, port, authorization, shown: `${bracketed}:${port}` };
}

function basic(userinfo: string): string | null {
  const colon = userinfo.indexOf(':');
  const user = decode(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? '' : decode(userinfo.slice(colon + 1));
  if (CONTROL.test(user + password)) return null;
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
}

/** Decodes percent-encoding; other text is UTF-8 in the environment. */
function decode(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
