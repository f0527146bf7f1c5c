/** Whether a certificate is for a SIP domain: RFC 5922, 7.1 and 7.2. */
import type { X509Certificate } from 'node:crypto';
import { bareHost, parseUri } from './uri.ts';

/** `URI:sip:a.test, DNS:a.test`; Node puts a value with a comma or quote in it into JSON quotes. */
const ALTERNATIVE = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g;

export interface AlternativeName {
  /** `DNS`, `URI`, `IP Address`, `email`, ... */
  readonly type: string;
  readonly value: string;
}

/** The names of a certificate's subjectAltName, in order. */
export function alternativeNames({ subjectAltName = '' }: X509Certificate): readonly AlternativeName[] {
  return [...subjectAltName.matchAll(ALTERNATIVE)].map(([, type = '', value = '']) => ({
    type,
    value: value.startsWith('"') ? unquoted(value) : value,
  }));
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/**
 * The SIP domains of a certificate, in lower case: those of `sip:` URIs without a user; without such a URI the DNS names;
 * without any name the subject's common name.
 */
function sipDomains(certificate: X509Certificate): readonly string[] {
  const names = alternativeNames(certificate);
  const uris = names.flatMap(({ type, value }) => (type === 'URI' ? (sipIdentity(value) ?? []) : []));
  if (uris.length > 0) return uris;
  const hosts = names.flatMap(({ type, value }) => (type === 'DNS' ? value.toLowerCase() : []));
  if (hosts.length > 0 || names.length > 0) return hosts;
  const common = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

function sipIdentity(text: string): string | null {
  const uri = /^sip:/i.test(text) ? parseUri(text) : null;
  return uri === null || uri.host === null || uri.user !== null ? null : bareHost(uri.host).toLowerCase();
}

/** Compares whole names: a wildcard matches nothing (7.2). @param domain in lower case, without a final dot */
export const isForSipDomain = (certificate: X509Certificate, domain: string): boolean =>
  sipDomains(certificate).includes(domain);
