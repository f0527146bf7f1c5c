/** What a client adds to each of its requests: header fields, and what its URLs begin with. */
import { invalidOption } from './errors.ts';
import type { HeaderField } from './header-line.ts';
import { checkedFields, type HeadersOption, listFields } from './request-headers.ts';
import { authorityEnd, parseUrl } from './url.ts';

/** What URLs of a client are relative to. */
export interface BaseUrl {
  /** Without a slash at its end. */
  readonly text: string;
  /** `https://api.example.com` */
  readonly origin: string;
}

/** @throws RestOptionError */
export function readBaseUrl(value: unknown): BaseUrl | null {
  if (value === undefined) return null;
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string' || !ABSOLUTE.test(text) || 'error' in parseUrl(text) || /[?#]/.test(text))
    throw invalidOption('baseUrl', value, 'a URL of http or https without a query');
  return {
    text: text.replace(/\/+$/, ''),
    origin: text.slice(0, authorityEnd(text, text.indexOf('//') + 2)),
  };
}

const ABSOLUTE = /^https?:\/\/[^/]/i;

/** `/credit` and `credit` are below the base; a URL with a scheme stays as it is. */
export function resolveUrl({ text }: BaseUrl, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return url;
  return /^[/?#]/.test(url) || url === '' ? text + url : `${text}/${url}`;
}

/** Whether the client's own header fields go with a request there: with a base, to its origin alone. */
export const isWithinBase = ({ origin }: BaseUrl, url: string): boolean =>
  url.startsWith(origin) && (url.length === origin.length || /[/?#]/.test(url.charAt(origin.length)));

/** @throws RestOptionError */
export const readDefaultHeaders = (given: HeadersOption | undefined): readonly HeaderField[] =>
  checkedFields(listFields(given));
