/** Whether a contact of a registration is one that is registered already. */
import { type NameAddr, parseUri, type Uri, uriParameter } from '../../sip/index.ts';
import type { Contact } from '../usrloc/location.ts';
import { instanceOf, regIdOf } from './outbound.ts';

export interface Matching {
  /** The mode of matching: `0`, `1` or `<name>`, see the flag matching-mode. */
  readonly mode: string;
  readonly callId: string;
  /** Parameters of URIs that together name a device (RFC 8599); null: push notifications are off. */
  readonly pushParameters: readonly string[] | null;
}

/** A flow of the same instance (RFC 5626, 6), the same device of push notifications (RFC 8599), or the same URI. */
export function isSame(known: Contact, given: NameAddr, matching: Matching): boolean {
  const regId = regIdOf(given);
  if (regId !== null && known.regId !== null)
    return known.regId === regId && known.instance === instanceOf(given);
  const { uriParts } = given;
  const { mode, callId, pushParameters } = matching;
  if (uriParts !== null && pushParameters !== null) {
    const device = valuesOf(uriParts, pushParameters);
    if (device !== null) {
      const own = parseUri(known.uri);
      const ownDevice = own === null ? null : valuesOf(own, pushParameters);
      if (ownDevice !== null) return device.every((value, i) => value === ownDevice[i]);
    }
  }
  const [, name] = /^<(.+)>$/.exec(mode) ?? [];
  const value = name === undefined || uriParts === null ? null : uriParameter(uriParts, name);
  if (name === undefined || value === null)
    return known.uri === given.uri && (mode !== '1' || known.callId === callId);
  const own = parseUri(known.uri);
  return own !== null && uriParameter(own, name) === value;
}

/** Null if one of the parameters is missing. */
function valuesOf(uri: Uri, names: readonly string[]): readonly string[] | null {
  const values = names.map((name) => uriParameter(uri, name));
  return values.every((value) => value !== null) ? values : null;
}
