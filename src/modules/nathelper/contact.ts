/** Changes to Contact and the request URI. Source: modules/nathelper of the manual; scenarios nathelper-*. */
import { messageBranches } from '../../relay/index.ts';
import type { Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import {
  DEFAULT_PROTOCOL,
  formatHostPort,
  formatUri,
  type NameAddr,
  oneLine,
  parseNameAddrs,
  parseUri,
  type Source,
  unfold,
  uriParameter,
  withParams,
} from '../../sip/index.ts';
import { defineFlags } from '../flags.ts';

export const contactFlags = defineFlags({ names: ['preserve-uri'] });

/** The sender as a URI. */
export const senderUri = ({ address, port, transport }: Source): string =>
  `sip:${formatHostPort(address, port)}${transport === DEFAULT_PROTOCOL ? '' : `;transport=${transport}`}`;

/** Replaces all Contacts of the forwarded message. */
export function changeContacts(run: Run, change: (contact: NameAddr) => string): Status {
  const { message } = run;
  for (const [header, { key, value }] of (message?.headers ?? []).entries()) {
    if (key !== 'contact') continue;
    const contacts = parseNameAddrs(unfold(value));
    if (contacts === null) return -1;
    const changed = contacts.map((one) => (one.uri === '*' ? one.text : change(one))).join(', ');
    if (oneLine(changed) === null) return -1;
    run.draft.edits.push({ kind: 'set-value', header, value: changed });
  }
  return 1;
}

/** With the address of the sender, other parameters before the existing ones. */
export function natedContact(
  contact: NameAddr,
  { address, port }: Source,
  params: string,
  keepsUri: boolean,
): string {
  const { uri, uriParts, text } = contact;
  if (uriParts === null || uriParts.host === null) return text;
  const { scheme, user, password, host, port: oldPort, params: own, headers } = uriParts;
  const old = oldPort === null ? host : `${host}:${oldPort}`;
  const org = keepsUri ? `;org=${Buffer.from(old, 'latin1').toString('base64')}` : '';
  const userPart = user === null ? '' : `${user}${password === null ? '' : `:${password}`}@`;
  const changed = [
    `${scheme}:${userPart}${formatHostPort(address, port)}${params}${org}`,
    own === null ? '' : `;${own}`,
    headers === null ? '' : `?${headers}`,
  ].join('');
  const at = text.indexOf(uri);
  const needsBrackets = text[at - 1] !== '<' && `${params}${org}` !== '';
  return `${text.slice(0, at)}${needsBrackets ? `<${changed}>` : changed}${text.slice(at + uri.length)}`;
}

/** With the address of the sender as a parameter, of the header or of the URI. */
export function withReceived(contact: NameAddr, source: Source, inUri: boolean): string {
  const { text, uri } = contact;
  const parameter = `;received="${senderUri(source)}"`;
  if (!inUri) return `${text}${parameter}`;
  const end = text.indexOf(uri) + uri.length;
  return `${text.slice(0, end)}${parameter}${text.slice(end)}`;
}

/** Puts back the address that `preserve-uri` has kept in the parameter `org`. */
export function restoreRequestUri(run: Run): Status {
  const { request } = run;
  const { uri } = request;
  const org = uri === null ? null : uriParameter(uri, 'org');
  if (uri === null || org === null) return -1;
  const params = (uri.params ?? '').split(';').filter((one) => !/^org(?:=|$)/i.test(one));
  const next = withParams(uri, params.length === 0 ? null : params.join(';'));
  const place = Buffer.from(org.replace(/-/g, '='), 'base64').toString('latin1');
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^\s:]+)(?::(\d{1,5}))?$/.exec(place) ?? [];
  if (next === null || host === undefined) return -1;
  const restored = parseUri(formatUri({ ...next, host, port: port === undefined ? null : Number(port) }));
  if (restored === null || !request.setDestinationUri(formatUri(next))) return -1;
  run.state(messageBranches).main.uri = formatUri(restored);
  return 1;
}
