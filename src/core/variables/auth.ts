/** Credentials and challenges of Digest authentication (RFC 3261, 22; RFC 7616). Source: the manual's Script-CoreVar. */

import { defineVariable, defineVariables } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { type SipMessage, splitList, unfold } from '../../sip/index.ts';

/** The value of a parameter in `Digest name="value", name=value`; null if missing. */
export function digestParameter(header: string, name: string): string | null {
  const scheme = /^\s*Digest\s+/i.exec(header);
  if (scheme === null) return null;
  for (const part of splitList(header.slice(scheme[0].length))) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim().toLowerCase() !== name) continue;
    const value = part.slice(equals + 1).trim();
    return /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;
  }
  return null;
}

type HeaderNames = readonly [string, string];
const credentials: HeaderNames = ['Authorization', 'Proxy-Authorization'];
const challenges: HeaderNames = ['WWW-Authenticate', 'Proxy-Authenticate'];

function parameterOf(message: SipMessage | null, [first, second]: HeaderNames, name: string): string | null {
  const header = message?.header(first) ?? message?.header(second) ?? null;
  return header === null ? null : digestParameter(unfold(header), name);
}

function variable(
  name: string,
  summary: string,
  headers: HeaderNames,
  parameter: string,
  read: (value: string) => Value = (value) => value,
) {
  return defineVariable({
    name,
    summary: `${summary}, from ${headers.join(' or ')}.`,
    source: 'Script-CoreVar',
    resolve: () => ({
      get: (run) => {
        const value = parameterOf(run.message, headers, parameter);
        return value === null || value === '' ? null : read(value);
      },
    }),
  });
}

const beforeAt = (text: string) => text.split('@')[0] ?? '';
const behindAt = (text: string) => {
  const at = text.indexOf('@');
  return at < 0 ? null : text.slice(at + 1);
};

export const authVariables = defineVariables([
  variable('au', 'The user part of the username', credentials, 'username', beforeAt),
  variable('ad', 'The domain part of the username', credentials, 'username', behindAt),
  variable('aU', 'The whole username', credentials, 'username'),
  variable('ar', 'The realm', credentials, 'realm'),
  variable('an', 'The nonce', credentials, 'nonce'),
  variable('adu', 'The URI that the response covers', credentials, 'uri'),
  variable('auth.resp', 'The response', credentials, 'response'),
  variable('auth.nonce', 'The nonce', credentials, 'nonce'),
  variable('auth.cnonce', "The client's nonce", credentials, 'cnonce'),
  variable('auth.opaque', 'The opaque text', credentials, 'opaque'),
  variable('auth.alg', 'The algorithm', credentials, 'algorithm'),
  variable('auth.qop', 'The quality of protection', credentials, 'qop'),
  variable('auth.nc', 'The nonce count', credentials, 'nc'),
  {
    name: 'Au',
    summary: "The accounting identity: `user@host` of the From header's URI; credentials are ignored.",
    source: 'Script-CoreVar; vector field-auth-user-domain',
    resolve: () => ({
      get: ({ request: { message } }) => {
        const uri = message?.findFrom()?.uriParts;
        return uri == null ? null : `${uri.user ?? ''}@${uri.host ?? ''}`;
      },
    }),
  },
  ...['algorithm', 'realm', 'nonce', 'opaque', 'qop', 'ik', 'ck'].map((name) =>
    variable(`challenge.${name}`, `The ${name}`, challenges, name),
  ),
]);
