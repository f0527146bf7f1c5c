/** PURRs (RFC 8599, 6.2): names of registrations, by which requests within a call wake a device first. */
import type { Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { type NameAddr, parseNameAddr, parseUri, uriParameter } from '../../sip/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import type { RecordName } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { parameters } from './parameters.ts';
import { wakeForDialog } from './push.ts';
import { pushParametersOf, withoutPush } from './push-parameters.ts';
import { seal, unseal } from './sealed.ts';

/** The values of a URI that name its device; null if one is missing. */
function deviceOf(run: Run, text: string): readonly string[] | null {
  const uri = parseUri(text);
  const names = pushParametersOf(run.parameters(parameters));
  if (uri === null || names === null) return null;
  const values = names.map((name) => uriParameter(uri, name));
  return values.every((value) => value !== null) ? values : null;
}

/** The PURR of a contact; null for one without a device. */
export function purrOf(run: Run, { aor }: RecordName, contact: NameAddr): string | null {
  const device = deviceOf(run, contact.uri);
  return device === null ? null : seal(run, [aor, device]);
}

/** pn_process_purr(): 1 when the device was woken, 2 if there is nothing to wake. */
export function processPurr(run: Run, table: string): Awaitable<Status> {
  const { request } = run;
  const { message } = request;
  if (message === null) return -1;
  const route = message.headerAll('route')[0];
  const uris = [request.requestUri, route === undefined ? null : parseNameAddr(route)?.uri];
  const tokens = uris.map((text) => {
    const uri = text == null ? null : parseUri(text);
    return uri === null ? null : uriParameter(uri, 'pn-purr');
  });
  const token = tokens.find((one) => one !== null && one !== '');
  const read = token == null ? null : unseal(run, token);
  if (!Array.isArray(read)) return 2;
  const [aor, device] = read as [string, readonly string[]];
  const record = { table, aor };
  const contacts = run.routing.host.states.get(locations).find(table, aor)?.contacts ?? [];
  const contact = contacts.find(({ uri }) => JSON.stringify(deviceOf(run, uri)) === JSON.stringify(device));
  if (contact === undefined) return 2;
  request.setRequestUri(withoutPush(run.parameters(parameters), request.requestUri));
  return wakeForDialog(run, record, contact);
}
