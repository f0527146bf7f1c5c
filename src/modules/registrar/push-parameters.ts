/** The parameters of contacts that name a device for push notifications (RFC 8599). */
import type { RowValues } from '../../script/index.ts';
import { formatUri, type NameAddr, parseUri, type Uri, uriParameter, withParams } from '../../sip/index.ts';
import type { parameters } from './parameters.ts';

type Values = RowValues<typeof parameters>;

const list = (text: string | null): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean);

/** What names a device; null if push notifications are off. */
export const pushParametersOf = ({ pn_enable, pn_ct_match_params }: Values): readonly string[] | null =>
  pn_enable ? list(pn_ct_match_params) : null;

/** Whether a contact is woken by push notifications. */
export function isPushed(values: Values, uri: string): boolean {
  const names = pushParametersOf(values);
  const parts = names === null ? null : parseUri(uri);
  return parts !== null && names !== null && names.every((name) => uriParameter(parts, name) !== null);
}

/** A URI without the parameters that name its device. */
export function withoutPush(values: Values, text: string): string {
  const uri = parseUri(text);
  const names = [...(pushParametersOf(values) ?? []), 'pn-purr'];
  if (!values.pn_enable || uri === null || uri.params === null) return text;
  const kept = uri.params
    .split(';')
    .filter((one) => !names.includes((one.split('=')[0] ?? '').trim().toLowerCase()));
  const next: Uri | null = withParams(uri, kept.length === 0 ? null : kept.join(';'));
  return next === null ? text : formatUri(next);
}

/** The provider of a contact that asks for push notifications, '' to ask which there are; null for any other. */
const providerOf = ({ uriParts }: NameAddr): string | null =>
  uriParts === null ? null : (uriParameter(uriParts, 'pn-provider')?.toLowerCase() ?? null);

/** Whether a contact wants a provider that is not among pn_providers. */
export function hasUnknownProvider(values: Values, contact: NameAddr): boolean {
  const provider = values.pn_enable ? providerOf(contact) : null;
  const known = list(values.pn_providers);
  return provider !== null && provider !== '' && known.length > 0 && !known.includes(provider);
}

/** The Feature-Caps of the answer to a registration (RFC 8599, 4.1.2 and 6.2); '' without push notifications. */
export function featureCaps(
  values: Values,
  contacts: readonly NameAddr[],
  purr: (contact: NameAddr) => string | null,
): string {
  if (!values.pn_enable) return '';
  const lines = new Set<string>();
  for (const contact of contacts) {
    const provider = providerOf(contact);
    if (provider === null) continue;
    const names = provider === '' ? list(values.pn_providers) : [provider];
    const interval =
      contact.parameter('+sip.pnsreg') === null ? '' : `;+sip.pnsreg="${values.pn_pnsreg_interval}"`;
    const reference = values.pn_enable_purr && provider !== '' ? purr(contact) : null;
    for (const name of names)
      lines.add(
        `Feature-Caps: *;+sip.pns="${name.replace(/["\\]/g, '')}"${interval}${reference === null ? '' : `;+sip.pnspurr="${reference}"`}\r\n`,
      );
  }
  return [...lines].join('');
}
