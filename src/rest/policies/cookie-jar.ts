/**
 * The cookies of one origin (RFC 6265), for this client to send back to it. A cookie never goes to another host: a Domain
 * attribute that names one refuses the cookie.
 */
import { isIP } from 'node:net';
import { cookieDate } from '../http-date.ts';

const MAX_COOKIES = 50;
/** Of name and value together, in bytes. */
const MAX_COOKIE = 4_096;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE =
  /^(?:"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"|[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)$/;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
  /** In ms since 1970. */
  readonly expires: number;
}

export class CookieJar {
  /** By name and path, in the order of their setting. */
  readonly #cookies = new Map<string, Cookie>();
  readonly #hostname: string;
  readonly #isSecure: boolean;

  constructor(hostname: string, isSecure: boolean) {
    this.#hostname = hostname;
    this.#isSecure = isSecure;
  }

  get size(): number {
    return this.#cookies.size;
  }

  /** Keeps what a Set-Cookie says, or forgets a cookie. */
  set(field: string, requestPath: string, date: number): void {
    const [pair = '', ...attributes] = field.split(';', 20);
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0)).trim();
    const value = pair.slice(equals + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value) || name.length + value.length > MAX_COOKIE) return;
    let path = defaultPath(requestPath);
    let secure = false;
    let expires = Number.POSITIVE_INFINITY;
    let maxAge: number | null = null;
    for (const attribute of attributes) {
      const at = attribute.indexOf('=');
      const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
      const text = at < 0 ? '' : attribute.slice(at + 1).trim();
      if (key === 'path' && text.startsWith('/') && text.length <= 1_024) path = text;
      else if (key === 'secure') secure = true;
      else if (key === 'max-age' && /^-?\d{1,15}$/.test(text)) maxAge = Number(text) * 1_000;
      else if (key === 'expires') expires = cookieDate(text, date) ?? expires;
      else if (key === 'domain' && text !== '' && !this.#isOwn(text)) return;
    }
    if (maxAge !== null) expires = date + maxAge; // which counts before Expires (section 5.3)
    if (secure && !this.#isSecure) return;
    const id = `${name};${path}`;
    this.#cookies.delete(id);
    if (expires <= date) return;
    this.#cookies.set(id, { name, value, path, secure, expires });
    const oldest = this.#cookies.keys().next().value;
    if (this.#cookies.size > MAX_COOKIES && oldest !== undefined) this.#cookies.delete(oldest);
  }

  /** What Cookie says for this path; empty: nothing. */
  header(path: string, date: number): string {
    const fitting: Cookie[] = [];
    for (const [id, cookie] of this.#cookies) {
      if (cookie.expires <= date) this.#cookies.delete(id);
      else if (pathMatches(path, cookie.path)) fitting.push(cookie);
    }
    // longer paths first (section 5.4)
    fitting.sort((a, b) => b.path.length - a.path.length);
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #isOwn(domain: string): boolean {
    const wanted = domain.replace(/^\./, '').toLowerCase();
    return wanted === this.#hostname && (isIP(wanted) === 0 || !domain.startsWith('.'));
  }
}

const pathOf = (target: string): string => target.split('?', 1)[0] ?? '/';

function defaultPath(target: string): string {
  const path = pathOf(target);
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function pathMatches(target: string, cookie: string): boolean {
  const path = pathOf(target);
  return (
    path === cookie || (path.startsWith(cookie) && (cookie.endsWith('/') || path[cookie.length] === '/'))
  );
}
