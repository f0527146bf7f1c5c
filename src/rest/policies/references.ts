/** References in answers (RFC 3986, section 5): Location and Content-Location. */
import type { HttpRequest } from '../request.ts';
import { type Authority, parseUrl } from '../url.ts';

/** Where a reference leads. */
export interface Reference {
  readonly authority: Authority;
  readonly path: string;
  /** To the origin of the request. */
  readonly isHere: boolean;
}

/** Resolves a reference against the URL of its request; null if that is not a URL of http or https. */
export function resolveReference(reference: string, { authority, path }: HttpRequest): Reference | null {
  const { scheme, hostname, port, host } = authority;
  const base = `${scheme}://${host}${path}`;
  if (!URL.canParse(reference, base)) return null;
  const parsed = parseUrl(new URL(reference, base).href);
  if ('error' in parsed) return null;
  const there = parsed.authority;
  const isHere = there.scheme === scheme && there.hostname === hostname && there.port === port;
  return { authority: there, path: parsed.path, isHere };
}
