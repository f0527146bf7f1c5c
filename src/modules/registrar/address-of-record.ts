/** Addresses of record: what contacts are registered under (RFC 3261, 10.3). */
import type { Run } from '../../runtime/index.ts';
import { lowerAscii } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';
import { usrlocParameters } from '../usrloc/parameters.ts';
import { parameters } from './parameters.ts';

export type AorDefect = 'Failed to parse Address Of Record' | 'Address Of Record too long';

/** `bob@example.com` of `sip:bob@EXAMPLE.com;x`; a defect for an invalid URI, or one that is too long. */
export function addressOfRecord(
  run: Run,
  text: string,
): { readonly aor: string } | { readonly defect: AorDefect } {
  const uri = parseUri(text);
  if (uri === null || (!uri.user && !uri.host)) return { defect: 'Failed to parse Address Of Record' };
  const values = run.parameters(parameters);
  const prefix = values.realm_prefix;
  const written = lowerAscii(uri.host ?? '');
  const host = prefix !== '' && written.startsWith(prefix) ? written.slice(prefix.length) : written;
  const user = values.case_sensitive ? (uri.user ?? '') : lowerAscii(uri.user ?? '');
  const useDomain = run.parameters(usrlocParameters).use_domain && host !== '';
  const aor = user === '' ? host : useDomain ? `${user}@${host}` : user;
  const isLong =
    user.length > values.max_username_len ||
    host.length > values.max_domain_len ||
    aor.length > values.max_aor_len;
  return isLong ? { defect: 'Address Of Record too long' } : { aor };
}

/** Of To for REGISTER, of From for any other request, unless one is given; null for an invalid one. */
export function aorOf(run: Run, given: string | undefined): string | null {
  const { message } = run.request;
  const own = message?.method === 'REGISTER' ? message.findTo()?.uri : message?.findFrom()?.uri;
  const text = given ?? own;
  if (text === undefined) return null;
  const result = addressOfRecord(run, text);
  return 'aor' in result ? result.aor : null;
}
